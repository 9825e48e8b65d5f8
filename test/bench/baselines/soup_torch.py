"""Averages two bf16 safetensors files with PyTorch and safetensors, as mergers commonly do.

Tensor by tensor from memory-mapped inputs, then saved in one go.
Prints one JSON line. Arguments: first file, second file, output file.
"""

import json
import sys
import time

import safetensors
import torch
from safetensors import safe_open
from safetensors.torch import save_file

THREADS = 2


def main(first: str, second: str, output: str) -> None:
    torch.set_num_threads(THREADS)
    start = time.perf_counter()
    souped = {}
    with safe_open(first, "pt") as a, safe_open(second, "pt") as b:
        for name in a.keys():
            # lerp rounds once, as summing in float32 and casting would, and is some three times as fast.
            souped[name] = torch.lerp(a.get_tensor(name), b.get_tensor(name), 0.5)
    save_file(souped, output)
    ms = (time.perf_counter() - start) * 1000
    report = {
        "ms": ms,
        "minMs": ms,
        "threads": torch.get_num_threads(),
        "versions": {
            "torch": torch.__version__,
            "safetensors": safetensors.__version__,
            "python": sys.version.split()[0],
        },
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:4])
