/**
 * The program of a trainer's jobs, which runs its module as `__main__`, once the release that is installed is the one that the
 * tables are made for.
 *
 * What has no program for Ray gets on several cards a process each, with the environment that trainers' own actors give
 * theirs (launcher.py:28 of OpenRLHF, actor_group.py:46 of Molt).
 *
 * @param name - Of the program's file, for its users.
 * @param own - Python that may replace `run_driver(job)`, which runs a module that asks Ray for its cards.
 */
export function launcherOf(name: string, own = ""): string {
  return String.raw`"""Runs a training for SALSA: python3 ${name} JOB.json"""

import importlib.metadata
import json
import os
import runpy
import socket
import sys


def fail(text):
    print("salsa: " + text, file=sys.stderr, flush=True)
    sys.exit(3)


def check_release(job):
    title, wanted = job["title"], job["release"]
    try:
        found = importlib.metadata.version(job["distribution"])
    except importlib.metadata.PackageNotFoundError:
        fail("%s is not installed here; add %s to the image or to runtime_env" % (title, job["requirement"]))
    if found != wanted:
        fail("%s %s is installed here, and SALSA's tables are made for %s; install that one" % (title, found, wanted))


def run_module(job):
    sys.argv = [job["module"], *job["argv"]]
    runpy.run_module(job["module"], run_name="__main__", alter_sys=True)


def run_driver(job):
    run_module(job)


${own}def set_place(rank, world, address, port):
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
                    raise RuntimeError("%s ended with %r" % (job["title"], end.code)) from None

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
    check_release(job)
    if job["asksRay"]:
        run_driver(job)
    elif job["cards"] == 1:
        set_place(0, 1, "127.0.0.1", free_port())
        run_module(job)
    else:
        run_on_cards(job)
    print("salsa: finished", flush=True)


if __name__ == "__main__":
    main()
`;
}
