import os


class ReferenceModelActor:
    pass


class RewardModelActor:
    pass


class RayActorGroup:
    def __init__(self, num_nodes, num_gpus_per_node, ray_actor_type):
        self.ray_actor_type = ray_actor_type

    def async_init_model_from_pretrained(self, *args, **kwargs):
        name, path = self.ray_actor_type.__name__, args[1]
        if not os.path.exists(os.path.join(path, "config.json")):
            raise FileNotFoundError(path)
        print("(%s pid=%d) model at %s" % (name, os.getpid(), path), flush=True)
        if "SALSA_PLAY" in os.environ:
            with open(os.environ["SALSA_PLAY"] + ".loaded", "a") as file:
                file.write("%s %s\n" % (name, path))
        return [name]
