/** Name of the program beside a job's file. */
export const WRAPPER_FILE = "salsa_openrlhf.py";

/**
 * The program of every job: it starts OpenRLHF's own, and puts the soup into the reference and nowhere else.
 *
 * OpenRLHF has no flag for a reference that differs from the actor: train_ppo_ray.py:176 passes the actor's path on. So the
 * one method that all groups of models are loaded through is wrapped before the module runs as `__main__`. Everything that
 * is relied on is checked: another release, another signature, another order of loading, a group that is loaded twice or
 * never, a path that is not the expected one each end the job, with a sentence, before anything is trained.
 *
 * SFT and reward models have no program for Ray: on several cards, each gets a process with the environment that
 * OpenRLHF's own actors give theirs (launcher.py:28).
 */
export const WRAPPER = String.raw`"""Runs a training of OpenRLHF for SALSA: python3 salsa_openrlhf.py JOB.json"""

import importlib.metadata
import inspect
import json
import os
import runpy
import socket
import sys

PPO = "openrlhf.cli.train_ppo_ray"
METHOD = "async_init_model_from_pretrained"
# self, *args, **kwargs
SIGNATURE = [inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]
# In this order: whatever comes last is loaded when all others are.
GROUPS = ["PolicyModelActor", "ReferenceModelActor", "RewardModelActor", "CriticModelActor"]


def fail(text):
    print("salsa: " + text, file=sys.stderr, flush=True)
    sys.exit(3)


def check_release(wanted):
    try:
        found = importlib.metadata.version("openrlhf")
    except importlib.metadata.PackageNotFoundError:
        fail("OpenRLHF is not installed here; add openrlhf[vllm]==%s to the image or to runtime_env" % wanted)
    if found != wanted:
        fail("OpenRLHF %s is installed here, and SALSA's tables are made for %s; install that one" % (found, wanted))


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


def run_module(job):
    sys.argv = [job["module"], *job["argv"]]
    runpy.run_module(job["module"], run_name="__main__", alter_sys=True)


def run_ppo(job):
    loading = Loading(job["paths"])
    wrap_loading(loading)
    run_module(job)
    loading.check()


def set_place(rank, world, address, port):
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(world), LOCAL_RANK="0", MASTER_ADDR=address, MASTER_PORT=str(port))


def free_port():
    with socket.socket() as sock:
        sock.bind(("", 0))
        return sock.getsockname()[1]


def run_on_cards(job):
    import ray
    from ray.util.placement_group import placement_group
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    class Card:
        def address(self):
            return ray.util.get_node_ip_address(), free_port()

        def train(self, rank, address, port):
            set_place(rank, job["cards"], address, port)
            try:
                run_module(job)
            except SystemExit as end:
                # Ray takes this for an actor's wish to leave.
                if end.code not in (None, 0):
                    raise RuntimeError("OpenRLHF ended with %r" % (end.code,)) from None

    ray.init()
    group = placement_group([{"GPU": 1, "CPU": 1}] * job["cards"], strategy="PACK")
    ray.get(group.ready())
    places = [PlacementGroupSchedulingStrategy(placement_group=group, placement_group_bundle_index=rank) for rank in range(job["cards"])]
    remote = ray.remote(num_gpus=1, num_cpus=1)(Card)
    cards = [remote.options(scheduling_strategy=place).remote() for place in places]
    address, port = ray.get(cards[0].address.remote())
    ray.get([card.train.remote(rank, address, port) for rank, card in enumerate(cards)])
    ray.shutdown()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    check_release(job["release"])
    if job["module"] == PPO:
        run_ppo(job)
    elif job["cards"] == 1:
        set_place(0, 1, "127.0.0.1", free_port())
        run_module(job)
    else:
        run_on_cards(job)
    print("salsa: finished", flush=True)


if __name__ == "__main__":
    main()
`;
