"""Makes rollouts by Molt's own runner and the file of scores: rollout.py FILE. Prints them, and what the scorer was asked, as JSON."""

import asyncio
import json
import sys
import types

import stubs

stubs.install()

import ray  # noqa: E402
from molt.agents.base import load_agent_runner  # noqa: E402

ASKED, MADE = [], []


class Ids(list):
    def tolist(self):
        return list(self)


class Tokenizer:
    """A letter is a token."""

    def __call__(self, text, **kwargs):
        return {"input_ids": [Ids(ord(letter) for letter in text)]}

    def decode(self, ids, **kwargs):
        return "".join(map(chr, ids))


class Engine:
    async def generate(self, ids, params, **kwargs):
        text = "yes." if len(ids) > 3 else "n"
        reason = "stop" if text.endswith(".") else "length"
        said = types.SimpleNamespace(token_ids=[ord(letter) for letter in text], text="", finish_reason=reason, logprobs=None)
        return types.SimpleNamespace(outputs=[said], prompt_routed_experts=None), 0


class Scorer:
    def __init__(self, path):
        self.path = path
        self.score = self

    async def remote(self, ids):
        ASKED.append([self.path, ids])
        if "!" in map(chr, ids):
            raise RuntimeError("CUDA out of memory")
        return len(ids) / 2


class Remote:
    def __init__(self, cls):
        self.name = cls.__name__

    def options(self, **kwargs):
        MADE.append([self.name, kwargs])
        return types.SimpleNamespace(remote=Scorer)


ray.remote = lambda **kwargs: MADE.append(kwargs) or Remote


async def rollouts():
    runner = load_agent_runner(sys.argv[1])
    params = types.SimpleNamespace(max_tokens=8, min_tokens=1, logprobs=None)
    found = []
    for prompt in sys.argv[2:]:
        one = await runner.execute(prompt, "", params, 64, Tokenizer(), Engine())
        found.append([one.observation_tokens, one.action_ranges, one.reward, one.scores, one.truncated])
    return found


found = asyncio.run(rollouts())
print(json.dumps({"rollouts": found, "asked": ASKED, "made": MADE}))
