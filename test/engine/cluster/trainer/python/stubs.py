"""Stand-ins for the heavy modules that trainers import, so that its own code runs without a card.

Every attribute of a stand-in is a class; called with one function or class, it gives that back, as a decorator does.
`ray` records: actors of stand-ins are real classes of trainers, whose methods are noted and not run.
"""

import importlib.abc
import importlib.machinery
import sys
import types

HEAVY = (
    "torch torchdata deepspeed vllm transformers datasets peft accelerate tqdm flash_attn bitsandbytes optimum "
    "sympy pylatexenc aiohttp numpy wandb packaging loralib jsonlines PIL pynvml einops ring_flash_attn nemo_automodel optree "
    "uvicorn fastapi starlette vllm_router"
).split()


class Meta(type):
    def __getattr__(cls, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return make(name)

    def __call__(cls, *args, **kwargs):
        if len(args) == 1 and not kwargs and isinstance(args[0], (types.FunctionType, type)):
            return args[0]
        return super().__call__()

    def __or__(cls, other):
        return cls

    def __ror__(cls, other):
        return cls


class Stub(metaclass=Meta):
    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return make(name)

    def __call__(self, *args, **kwargs):
        if len(args) == 1 and not kwargs and isinstance(args[0], (types.FunctionType, type)):
            return args[0]
        return Stub()

    def __getitem__(self, key):
        return Stub()


def make(name):
    return Meta(name, (Stub,), {"__class_getitem__": classmethod(lambda cls, key: cls)})


class StubModule(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name == "__version__":
            return "0.29.0"
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        value = make(name)
        setattr(self, name, value)
        return value


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in HEAVY:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return StubModule(spec.name)

    def exec_module(self, module):
        pass


class Method:
    def __init__(self, actor, name):
        self.actor, self.name = actor, name

    def remote(self, *args, **kwargs):
        CALLS.append((self.actor, self.name, args))
        return (self.actor, self.name)


class Handle:
    def __init__(self, actor):
        self.actor = actor

    def __getattr__(self, name):
        return Method(self.actor, name)


class ActorClass:
    """As @ray.remote makes of a class."""

    def __init__(self, cls):
        self.name = cls.__name__
        CLASSES[self.name] = cls

    def options(self, **kwargs):
        return self

    def remote(self, *args, **kwargs):
        return Handle(self.name)


# Methods of actors that were called, with their arguments; the actors' classes.
CALLS = []
CLASSES = {}


def remote(*args, **kwargs):
    if len(args) == 1 and isinstance(args[0], type):
        return ActorClass(args[0])
    return ActorClass


def get(ref):
    return ("127.0.0.1", 1) if ref[-1:] == ("get_master_addr_port",) else ref


def install():
    ray = StubModule("ray")
    ray.remote, ray.get = remote, get
    ray.is_initialized = lambda: True
    for name in ("util", "util.placement_group", "util.queue", "util.scheduling_strategies"):
        sys.modules["ray." + name] = StubModule("ray." + name)
    sys.modules["ray"] = ray
    sys.meta_path.insert(0, Finder())
