"""Eight prompts of mixed lengths in one padded batch of transformers' `generate`, SmolLM2-135M-Instruct, two CPU threads.

Prints one JSON line: `FOLDER WARMUP REPEATS DTYPE`, where DTYPE is float32 or bfloat16. A batched loop has no arrivals, no
HTTP and no per-request settings, and all its answers are of one length, which is the best case for it.
"""

import json
import os
import statistics
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from transformers import LlamaForCausalLM

THREADS = 2
CONCURRENCY, NEW_TOKENS = 8, 48


def prompts() -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, padded on the left."""
    lengths = [16 + 8 * row for row in range(CONCURRENCY)]
    width = max(lengths)
    ids, mask = torch.zeros(CONCURRENCY, width, dtype=torch.long), torch.zeros(CONCURRENCY, width, dtype=torch.long)
    for row, length in enumerate(lengths):
        columns = torch.arange(length)
        ids[row, width - length :] = 100 + (row * 7919 + columns * 104729 + row * columns) % 40000
        mask[row, width - length :] = 1
    return ids, mask


@torch.no_grad()
def main(folder: str, warmup: str, repeats: str, dtype: str) -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    model = LlamaForCausalLM.from_pretrained(folder, torch_dtype=getattr(torch, dtype)).eval()
    ids, mask = prompts()
    length = {"max_new_tokens": NEW_TOKENS, "min_new_tokens": NEW_TOKENS}
    samples = []
    for attempt in range(int(warmup) + int(repeats)):
        start = time.perf_counter()
        model.generate(ids, attention_mask=mask, do_sample=True, top_k=0, pad_token_id=0, **length)
        if attempt >= int(warmup):
            samples.append((time.perf_counter() - start) * 1000 / NEW_TOKENS)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    ms = {"ms": statistics.median(samples), "minMs": min(samples)}
    print(json.dumps({**ms, "threads": torch.get_num_threads(), "versions": versions}))


if __name__ == "__main__":
    main(*sys.argv[1:])
