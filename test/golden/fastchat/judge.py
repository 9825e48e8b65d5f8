"""Runs FastChat's own gen_judgment, with its arguments; JUDGE names the model that OPENAI_API_BASE serves.

Its conversations come with all of FastChat's models, and PyTorch: of them it needs the messages alone.
"""

import os
import runpy
import sys
from types import ModuleType


class Conversation:
    roles = ("user", "assistant")

    def __init__(self):
        self.messages = []

    def set_system_message(self, text):
        self.messages.insert(0, ("system", text))

    def append_message(self, role, text):
        self.messages.append((role, text))

    def to_openai_api_messages(self):
        return [{"role": role, "content": text} for role, text in self.messages if text is not None]


def stand_in(name, **values):
    module = ModuleType(name)
    module.__path__ = []
    module.__dict__.update(values)
    sys.modules[name] = module


stand_in("anthropic")
stand_in("fastchat.model")
stand_in(
    "fastchat.model.model_adapter",
    get_conversation_template=lambda model: Conversation(),
    ANTHROPIC_MODEL_LIST=(),
    OPENAI_MODEL_LIST=(os.environ["JUDGE"],),
)
runpy.run_module("fastchat.llm_judge.gen_judgment", run_name="__main__")
