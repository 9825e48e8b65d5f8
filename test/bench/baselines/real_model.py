"""SmolLM2-135M-Instruct in PyTorch and transformers on two CPU threads: a training step, decoding, a PPO iteration.

Each mode prints one JSON line: `train FOLDER WARMUP REPEATS`, `decode FOLDER WARMUP REPEATS BATCH`, `decodeBf16 ...` and
`ppo FOLDER WARMUP REPEATS`. FOLDER is what examples/smollm2/fetchModel.ts writes.
"""

import json
import os
import statistics
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from transformers import AutoTokenizer, LlamaForCausalLM, LlamaForSequenceClassification

THREADS = 2
TRAIN_BATCH, TRAIN_TOKENS = 8, 256
PROMPT, NEW_TOKENS = 64, 32
ROLLOUTS, MINIBATCH, QUERY, RESPONSE = 8, 4, 64, 32


def tokens_of(batch: int, length: int) -> torch.Tensor:
    """The token ids that every runtime gets."""
    rows = torch.arange(batch)[:, None]
    columns = torch.arange(length)[None, :]
    return 100 + (rows * 7919 + columns * 104729 + rows * columns) % 40000


def timed(step, warmup: int, repeats: int) -> tuple[list[float], list[float]]:
    samples, results = [], []
    for attempt in range(warmup + repeats):
        start = time.perf_counter()
        results.append(step())
        if attempt >= warmup:
            samples.append((time.perf_counter() - start) * 1000)
    return samples, results


def report(samples: list[float], **more: object) -> None:
    versions = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": sys.version.split()[0],
    }
    ms = {"ms": statistics.median(samples), "minMs": min(samples)}
    print(json.dumps({**ms, "threads": torch.get_num_threads(), "versions": versions, **more}))


def train(folder: str, warmup: int, repeats: int) -> None:
    """Forward, backward and fused AdamW; eager, with the logits that transformers makes."""
    model = LlamaForCausalLM.from_pretrained(folder, torch_dtype=torch.float32).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
    ids = tokens_of(TRAIN_BATCH, TRAIN_TOKENS)

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        return loss.item()

    samples, losses = timed(step, warmup, repeats)
    report(samples, losses=[losses[0], losses[-1]])


@torch.no_grad()
def decode(folder: str, warmup: int, repeats: int, batch: int, dtype: torch.dtype) -> None:
    """`generate`, sampling: milliseconds per step of the whole batch, reading the prompt included."""
    model = LlamaForCausalLM.from_pretrained(folder, torch_dtype=dtype).eval()
    ids = tokens_of(batch, PROMPT)
    length = {"max_new_tokens": NEW_TOKENS, "min_new_tokens": NEW_TOKENS}

    def step() -> int:
        return model.generate(ids, do_sample=True, top_k=0, pad_token_id=0, **length).shape[1]

    samples, _ = timed(step, warmup, repeats)
    report([sample / NEW_TOKENS for sample in samples])


def ppo(folder: str, warmup: int, repeats: int) -> None:
    """An iteration of TRL 0.11.4's trainer: generation, scoring by a reward model, one epoch in two minibatches."""
    from trl import AutoModelForCausalLMWithValueHead, PPOConfig, PPOTrainer

    config = PPOConfig(
        batch_size=ROLLOUTS,
        mini_batch_size=MINIBATCH,
        ppo_epochs=1,
        learning_rate=1e-6,
        init_kl_coef=0.2,
        seed=1,
        remove_unused_columns=False,
    )
    wrap = AutoModelForCausalLMWithValueHead.from_pretrained
    policy, reference = (wrap(LlamaForCausalLM.from_pretrained(folder, torch_dtype=torch.float32)) for _ in range(2))
    trainer = PPOTrainer(config, policy, reference, AutoTokenizer.from_pretrained(folder, padding_side="left"))
    reward = LlamaForSequenceClassification.from_pretrained(folder, torch_dtype=torch.float32, num_labels=1).eval()
    reward.config.pad_token_id = 0
    length = {"max_new_tokens": RESPONSE, "min_new_tokens": RESPONSE}

    def iterate() -> None:
        queries = list(tokens_of(ROLLOUTS, QUERY))
        responses = trainer.generate(
            queries, batch_size=ROLLOUTS, return_prompt=False, pad_token_id=0, do_sample=True, top_k=0, **length
        )
        with torch.no_grad():
            ids = torch.stack([torch.cat(pair) for pair in zip(queries, responses)])
            scores = list(reward(input_ids=ids).logits[:, 0])
        trainer.step(queries, responses, scores)

    samples, _ = timed(iterate, warmup, repeats)
    report(samples)


def main(mode: str, folder: str, *numbers: str) -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    counts = [int(number) for number in numbers]
    if mode == "train":
        train(folder, *counts)
    elif mode == "ppo":
        ppo(folder, *counts)
    else:
        decode(folder, *counts, dtype=torch.bfloat16 if mode == "decodeBf16" else torch.float32)


if __name__ == "__main__":
    main(*sys.argv[1:])
