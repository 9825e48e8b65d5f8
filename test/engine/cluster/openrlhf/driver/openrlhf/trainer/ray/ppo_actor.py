class PolicyModelActor:
    pass
