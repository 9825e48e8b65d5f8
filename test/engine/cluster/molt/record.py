"""Runs the program of a job over Molt's own train_rl_ray, with stand-ins below it: record.py PROGRAM JOB.

Prints as JSON which model each actor loads, and vLLM. The actors' own code runs up to where it makes its model.
"""

import json
import runpy
import sys

import stubs

stubs.install()

import molt.trainer.rollout.router as router  # noqa: E402
import molt.trainer.vllm as vllm  # noqa: E402
import molt.utils  # noqa: E402
import packaging.version  # noqa: E402
import ray  # noqa: E402
from molt.trainer.workers import actor_group, critic_actor, policy_actor  # noqa: E402

LOADED = []


class Strategy:
    def __init__(self, args):
        self.args = args

    def __getattr__(self, name):
        return None

    def print(self, *said):
        pass


class Made(BaseException):
    pass


def make(path, **kwargs):
    raise Made(path)


def get(ref):
    # The number of steps, which schedules are made for.
    return 10 if ref[-1:] == ("get_max_steps",) else stubs.get(ref)


packaging.version.parse = lambda text: [int(part) for part in text.split(".")]
ray.get = get
ray.cluster_resources = lambda: {"GPU": 16}
molt.utils.get_strategy = Strategy
vllm.create_vllm_engines = lambda *args, **kwargs: LOADED.append(("vLLM", args[2])) or ["engine"]
router.create_vllm_router = lambda *args, **kwargs: ("router", "http://router")
actor_group.get_bundle_indices = lambda group, index, length: list(range(length))
actor_group.Actor = policy_actor.Actor = critic_actor.Critic = make

sys.argv = sys.argv[1:]
code = 0
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    code = end.code
for actor, name, args in stubs.CALLS:
    if name == "init_model_from_pretrained":
        try:
            stubs.CLASSES[actor].init_model_from_pretrained(stubs.Stub(), *args)
        except Made as made:
            LOADED.append((actor, made.args[0]))
ends = [[actor, name] for actor, name, _ in stubs.CALLS if name in ("fit", "export_hf_model")]
print("LOADED " + json.dumps({"loaded": sorted(set(LOADED)), "ends": ends}))
sys.exit(code)
