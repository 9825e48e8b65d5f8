class CriticModelActor:
    pass
