"""Runs the wrapper over OpenRLHF's own train_ppo_ray with stand-ins below it: record.py WRAPPER JOB [CHANGE].

Prints the methods of actors that were called, as JSON, and ends as the wrapper does. CHANGE stands for another release.
"""

import json
import runpy
import sys

import stubs

stubs.install()

import openrlhf.trainer.ray as openrlhf_ray  # noqa: E402
import openrlhf.utils  # noqa: E402
from openrlhf.trainer.ray import launcher  # noqa: E402


class Strategy:
    def __init__(self, args):
        self.args = args

    def print(self, *said):
        pass


def with_other_signature(self, strategy, path, max_steps=None, vllm_engines=None):
    raise AssertionError("not reached")


def twice(method):
    def load(self, *args, **kwargs):
        return method(self, *args, **kwargs) + method(self, *args, **kwargs)

    return load


openrlhf.utils.get_strategy = Strategy
openrlhf_ray.create_vllm_engines = lambda *args, **kwargs: []

wrapper, job, change = [*sys.argv[1:], ""][:3]
group = launcher.RayActorGroup
if change == "signature":
    group.async_init_model_from_pretrained = with_other_signature
elif change == "renamed":
    del group.async_init_model_from_pretrained
elif change == "other class":
    # The code that builds the groups does not use the class that is wrapped.
    class Other(group):
        def async_init_model_from_pretrained(self, *args, **kwargs):
            return [actor.init_model_from_pretrained.remote(*args, **kwargs) for actor in self._actor_handlers]

    import openrlhf.trainer.ray.ppo_actor  # noqa: E402,F401

    real = runpy.run_module

    def run_module(name, **kwargs):
        launcher.RayActorGroup = Other
        return real(name, **kwargs)

    runpy.run_module = run_module
elif change == "unknown group":
    del launcher.RewardModelActor

sys.argv = [wrapper, job]
code = 0
try:
    runpy.run_path(wrapper, run_name="__main__")
except SystemExit as end:
    code = end.code
print("CALLS " + json.dumps([[actor, name, [a for a in args if isinstance(a, str)]] for actor, name, args in stubs.CALLS]))
sys.exit(code)
