"""Gives command lines to a trainer's own parsers: JSON lines of {module, argv}, to JSON lines of what they made of it.

parse.py PACKAGE: the trainer's.
"""

import contextlib
import importlib
import io
import json
import runpy
import sys

import stubs

stubs.install()

utils = importlib.import_module(sys.argv[1] + ".utils")


class Parsed(BaseException):
    pass


def flat(value, prefix=""):
    if not hasattr(value, "__dict__"):
        # JSON has no infinity.
        return {prefix: None if value in (float("inf"), float("-inf")) else value}
    found = {}
    for key, inner in vars(value).items():
        found.update(flat(inner, prefix + "." + key if prefix else key))
    return found


def stop(args):
    raise Parsed(flat(args))


# Each program begins with it, when it has parsed and checked everything.
utils.get_strategy = stop


def parsed(module, argv):
    sys.argv = [module, *argv]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except Parsed as found:
        return {"values": found.args[0], "said": said.getvalue()}
    except SystemExit:
        return {"error": said.getvalue()}
    except (AssertionError, ValueError) as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}
    return {"error": "the program has ended by itself"}


for line in sys.stdin:
    print(json.dumps(parsed(**json.loads(line)), default=str), flush=True)
