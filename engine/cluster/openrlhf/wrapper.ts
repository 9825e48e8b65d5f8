import { launcherOf } from "../trainer/launcher.ts";

/** Name of the program beside a job's file. */
export const WRAPPER_FILE = "salsa_openrlhf.py";

/**
 * The part of every job's program that puts the soup into the reference and nowhere else.
 *
 * OpenRLHF has no flag for a reference that differs from the actor: train_ppo_ray.py:176 passes the actor's path on. So the
 * one method that all groups of models are loaded through is wrapped before the module runs as `__main__`. Everything that
 * is relied on is checked: another release, another signature, another order of loading, a group that is loaded twice or
 * never, a path that is not the expected one each end the job, with a sentence, before anything is trained.
 */
const WRAPPING = String.raw`import inspect

METHOD = "async_init_model_from_pretrained"
# self, *args, **kwargs
SIGNATURE = [inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]
# In this order: whatever comes last is loaded when all others are.
GROUPS = ["PolicyModelActor", "ReferenceModelActor", "RewardModelActor", "CriticModelActor"]


class Loading:
    """Watches which group loads which model, and gives the reference its own."""

    def __init__(self, paths):
        # The given path and the one that is loaded, by group.
        self.paths = paths
        self.loaded = []

    def path_of(self, name, args, kwargs):
        if name is None:
            fail("OpenRLHF loads a group of models that SALSA does not know; nothing was trained")
        if kwargs or len(args) < 2 or args[1] != self.paths[name]["given"]:
            fail("OpenRLHF loads %s from %r, where SALSA expects %r" % (name, args[1:], self.paths[name]["given"]))
        if name in self.loaded:
            fail("OpenRLHF loads %s twice" % name)
        self.loaded.append(name)
        if name == GROUPS[-1]:
            self.check()
        print("salsa: %s loads %s" % (name, self.paths[name]["loaded"]), flush=True)
        return self.paths[name]["loaded"]

    def check(self):
        if self.loaded != GROUPS:
            fail("OpenRLHF has loaded %s, where SALSA expects %s" % (self.loaded, GROUPS))


def wrap_loading(loading):
    from openrlhf.trainer.ray import launcher, ppo_actor, ppo_critic

    group = getattr(launcher, "RayActorGroup", None)
    method = getattr(group, METHOD, None)
    if method is None:
        fail("OpenRLHF has no RayActorGroup.%s any more: the reference cannot be put in place" % METHOD)
    kinds = [one.kind for one in inspect.signature(method).parameters.values()]
    if kinds != SIGNATURE:
        fail("RayActorGroup.%s takes %s, not (self, *args, **kwargs)" % (METHOD, inspect.signature(method)))
    types = {}
    for module in (launcher, ppo_actor, ppo_critic):
        for name in GROUPS:
            if hasattr(module, name):
                types[id(getattr(module, name))] = name
    if sorted(types.values()) != sorted(GROUPS):
        fail("OpenRLHF has the groups %s, not %s" % (sorted(types.values()), sorted(GROUPS)))

    def load(self, *args, **kwargs):
        path = loading.path_of(types.get(id(self.ray_actor_type)), args, kwargs)
        return method(self, args[0], path, *args[2:])

    setattr(group, METHOD, load)


def run_driver(job):
    loading = Loading(job["paths"])
    wrap_loading(loading)
    run_module(job)
    loading.check()


`;

/** The program of every job. */
export const WRAPPER = launcherOf(WRAPPER_FILE, WRAPPING);
