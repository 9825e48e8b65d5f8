"""Writes golden.safetensors and golden.json, and checks a file that the engine wrote.

python make.py                 makes both files (safetensors 0.8.0, torch 2.13.0, numpy)
python make.py check FILE      exits with 0 if FILE holds what golden.json says
"""

import json
import sys
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file, safe_open, save_file

HERE = Path(__file__).parent
NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
METADATA = {"format": "pt"}


def tensors():
    values = torch.tensor([0.0, -0.0, 1.0, -1.5, 3.140625, 2.0**-14, -(2.0**-20), 65504.0])
    return {
        "model.norm.weight": values,
        "model.embed_tokens.weight": torch.arange(12, dtype=torch.float32).reshape(3, 4) / 7,
        "b.half": values.to(torch.float16),
        "a.brain": values.reshape(2, 4).to(torch.bfloat16),
        "10": torch.tensor(0.5),
        "é.empty": torch.zeros(0, 3),
    }


def listed(tensor):
    return {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "values": tensor.float().flatten().tolist()}


if sys.argv[1:2] == ["check"]:
    golden = json.loads((HERE / "golden.json").read_text())
    with safe_open(sys.argv[2], "pt") as file:
        assert file.metadata() == golden["metadata"], file.metadata()
    loaded = load_file(sys.argv[2])
    assert {name: listed(tensor) for name, tensor in loaded.items()} == golden["tensors"]
    print("same")
else:
    save_file(tensors(), HERE / "golden.safetensors", METADATA)
    golden = {
        "versions": {"safetensors": safetensors.__version__, "torch": torch.__version__},
        "metadata": METADATA,
        "tensors": {name: listed(tensor) for name, tensor in tensors().items()},
    }
    (HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
