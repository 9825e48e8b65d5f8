"""Writes golden.json: what arena-hard-auto's own code says of the judgments in before/ and since/, which are ours.

Needs two checkouts of https://github.com/lmarena/arena-hard-auto: at 0489bf384abd (before April 2025) and at
196f6b826783 (since), and pip install numpy pandas scikit-learn tqdm. Modules of theirs that only talk to servers are
left out.

Run:   node test/golden/arenaHard/write.ts && python test/golden/arenaHard/generate.py BEFORE SINCE
"""

import importlib
import json
import os
import shutil
import sys
import tempfile
import types
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent
JUDGE, BENCH, BASELINE = "judge-1", "sample", "gpt-4-0314"
np.NAN = np.nan  # gone since NumPy 2


def module(checkout: str, name: str, stand_ins: dict) -> types.ModuleType:
    """A module of a checkout, by itself."""
    for known in [one for one in sys.modules if one.split(".")[0] in ("utils", "utils_math", "show_result")]:
        del sys.modules[known]
    sys.modules.update(stand_ins)
    sys.path.insert(0, checkout)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


def in_folder(form: str) -> None:
    """Goes to a folder that has the judgments where the code looks for them."""
    home = Path(tempfile.mkdtemp())
    shutil.copytree(FOLDER / form, home / "data" / BENCH / "model_judgment" / JUDGE)
    os.chdir(home)


def before(checkout: str) -> dict:
    """Win rates in per cent by Bradley-Terry over all battles."""
    in_folder("before")
    show = module(checkout, "show_result", {"utils": MagicMock()})
    battles = show.get_battles_from_judgment(BENCH, JUDGE, baseline_model=BASELINE)
    elo = show.compute_mle_elo(battles, baseline_model=BASELINE)
    stats = pd.DataFrame({"model": elo.index, "score": elo.values}).sort_values("model")
    rates = show.get_win_rate_column(stats, "score", BASELINE)
    return {"battles": len(battles), "scores": {name: float(rate) for name, rate in rates.items()}}


def since(checkout: str) -> dict:
    """Mean points by model."""
    in_folder("since")
    utils = {name: MagicMock() for name in ("utils", "utils.judge_utils", "utils.math_utils", "torch")}
    show = module(checkout, "show_result", utils)
    battles = show.load_judgments([JUDGE], BENCH)
    means = battles.groupby("model").scores.apply(lambda scores: scores.astype(float).mean())
    return {"battles": len(battles), "scores": {name: float(mean) for name, mean in means.items()}}


old, new = (str(Path(path).resolve()) for path in sys.argv[1:3])
golden = {"before": before(old), "since": since(new)}
(FOLDER / "golden.json").write_text(json.dumps(golden, indent=2) + "\n")
