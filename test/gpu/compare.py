"""The same work in PyTorch and transformers, for `npm run gpu` to compare with.

The only argument is JSON: `part` ("torch.train.135m"), `device`, the shape's `config`, batch and lengths, and how long to
measure. Each result is a line of JSON on standard output, as lines.ts has them; a variant that fails is reported and the next
goes on. Made for PyTorch 2.11 and transformers 5.17; runs with those of 2025, too.
"""

import json
import os
import sys
import time
from contextlib import nullcontext

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import torch.nn.functional as F
import transformers
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, LlamaModel

# Ours in f32 is exact, so theirs is, too.
torch.backends.cuda.matmul.allow_tf32 = False
QUEUED = 10


def say(**line: object) -> None:
    print(json.dumps(line), flush=True)


def measure(name: str, value: float) -> None:
    say(kind="measure", name=name, value=value)


def attempt(title: str, work) -> None:
    try:
        work()
    except Exception as error:  # whatever it is, the other variants go on
        say(kind="failure", title=title, error=f"{type(error).__name__}: {error}"[:1500])
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def fastest(work, request: dict, warmup: int = 1) -> float:
    """Seconds of the fastest of several runs; the first ones, which compile, are not counted."""
    device = request["device"]
    for _ in range(warmup):
        work()
    wait(device)
    best, start = float("inf"), time.perf_counter()
    for _ in range(request["repeats"]):
        began = time.perf_counter()
        work()
        wait(device)
        best = min(best, time.perf_counter() - began)
        if time.perf_counter() - start > request["seconds"]:
            break
    return best


def tokens_of(batch: int, length: int, vocabulary: int, device: str) -> torch.Tensor:
    """The token ids that we use, too."""
    rows = torch.arange(batch)[:, None]
    columns = torch.arange(length)[None, :]
    return (3 + (rows * 7919 + columns * 104729 + rows * columns) % (vocabulary - 3)).to(device)


def llama_config(request: dict) -> LlamaConfig:
    fields = {name: value for name, value in request["config"].items() if name not in ("architectures", "model_type")}
    return LlamaConfig(**fields, attn_implementation="sdpa", pad_token_id=0, bos_token_id=None, eos_token_id=None)


def model_of(request: dict, dtype: torch.dtype) -> LlamaForCausalLM:
    torch.set_default_dtype(dtype)
    try:
        with torch.device(request["device"]):
            return LlamaForCausalLM(llama_config(request))
    finally:
        torch.set_default_dtype(torch.float32)


class LoraLinear(nn.Module):
    """x·Wᵀ + 2 · (x·Aᵀ)·Bᵀ, of which A and B are trained; in the type of the input."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        device = base.weight.device
        self.a = nn.Parameter(torch.randn(rank, base.in_features, device=device) / base.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, device=device))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        change = F.linear(F.linear(x, self.a.to(x.dtype)), self.b.to(x.dtype))
        return self.base(x) + 2 * change


def with_lora(model: nn.Module, rank: int) -> nn.Module:
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for module in list(model.modules()):
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            if isinstance(getattr(module, name, None), nn.Linear):
                setattr(module, name, LoraLinear(getattr(module, name), rank))
    return model


def train(request: dict, variant: str) -> None:
    """Forward, backward and fused AdamW over all tokens; bf16 by autocast over f32 masters, as trainers do."""
    device, batch, length = request["device"], request["batch"], request["length"]
    rank = request.get("lora")
    model = model_of(request, torch.float32 if rank is None else torch.bfloat16).train()
    if rank is not None:
        model = with_lora(model, rank)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5, weight_decay=0.01, fused=True)
    ids = tokens_of(batch, length, request["config"]["vocab_size"], device)
    forward = torch.compile(model) if variant == "compiled" else model
    is_f32 = variant == "f32"
    kind = torch.device(device).type

    def step() -> None:
        with nullcontext() if is_f32 else torch.autocast(kind, torch.bfloat16):
            loss = forward(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    seconds = fastest(step, request, warmup=3)
    measure(f"{request['part']}.{variant}.tokensPerSecond", batch * length / seconds)
    if kind == "cuda":
        measure(f"{request['part']}.{variant}.peakMiB", torch.cuda.max_memory_allocated() / 2**20)
        torch.cuda.reset_peak_memory_stats()


@torch.no_grad()
def decode(request: dict, batch: int, variant: str) -> None:
    """`generate` with a static cache in bf16, sampling; "compiled" as transformers compiles it by itself on a card."""
    model = model_of(request, torch.bfloat16).eval()
    ids = tokens_of(batch, request["query"], request["config"]["vocab_size"], request["device"])
    new = request["response"]
    settings = {
        **{"max_new_tokens": new, "min_new_tokens": new, "do_sample": True, "top_k": 0, "pad_token_id": 0},
        **{"cache_implementation": "static", "disable_compile": variant == "eager"},
    }
    mask = torch.ones_like(ids)
    seconds = fastest(lambda: model.generate(ids, attention_mask=mask, **settings), request)
    measure(f"{request['part']}.{batch}.{variant}.tokensPerSecond", batch * new / seconds)


class Critic(nn.Module):
    """A policy with a value head on its trunk."""

    def __init__(self, request: dict) -> None:
        super().__init__()
        self.model = model_of(request, torch.float32)
        self.value = nn.Linear(request["config"]["hidden_size"], 1).to(request["device"])

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        states = self.model.model(input_ids=ids, use_cache=False).last_hidden_state
        return self.model.lm_head(states), self.value(states)[..., 0]


def token_logprobs(logits: torch.Tensor, ids: torch.Tensor, query: int) -> torch.Tensor:
    """Of the response's tokens, [B, R]."""
    chosen = ids[:, query:]
    scores = logits[:, query - 1 : -1].float()
    return torch.gather(scores, -1, chosen[..., None])[..., 0] - torch.logsumexp(scores, -1)


def ppo(request: dict) -> None:
    """An iteration as TRL 0.11 makes it: generation, scoring by three models, one epoch in minibatches."""
    device, query, new = request["device"], request["query"], request["response"]
    rollouts, minibatch = request["rollouts"], request["minibatch"]
    kind = torch.device(device).type
    policy = Critic(request).train()
    sampler = model_of(request, torch.bfloat16).eval()
    reference = model_of(request, torch.bfloat16).eval()
    with torch.device(device):
        reward = LlamaModel(llama_config(request)).to(torch.bfloat16).eval()
        score = nn.Linear(request["config"]["hidden_size"], 1).to(torch.bfloat16)
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-6, fused=True)
    queries = tokens_of(rollouts, query, request["config"]["vocab_size"], device)
    settings = {"max_new_tokens": new, "min_new_tokens": new, "do_sample": True, "top_k": 0, "pad_token_id": 0}

    def old_numbers(ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
        parts = []
        for rows in ids.split(minibatch):
            with torch.no_grad(), torch.autocast(kind, torch.bfloat16):
                logits, values = policy(rows)
                mine = token_logprobs(logits, rows, query)
                other = token_logprobs(reference(input_ids=rows, use_cache=False).logits, rows, query)
                last = score(reward(input_ids=rows, use_cache=False).last_hidden_state[:, -1])[:, 0]
            parts.append((mine, other, values[:, query - 1 : -1].float(), last.float()))
        return tuple(torch.cat(column) for column in zip(*parts))

    def iterate() -> None:
        with torch.no_grad():
            # The copy that generates, brought up to date.
            for to, source in zip(sampler.parameters(), policy.model.parameters()):
                to.copy_(source)
            mask = torch.ones_like(queries)
            cache = {"cache_implementation": "static", "disable_compile": True}
            ids = sampler.generate(queries, attention_mask=mask, **settings, **cache)
        old, other, values, scores = old_numbers(ids)
        rewards = -0.2 * (old - other)
        rewards[:, -1] += scores
        advantages, last = torch.zeros_like(rewards), torch.zeros(rollouts, device=device)
        for at in reversed(range(new)):
            following = values[:, at + 1] if at + 1 < new else 0.0
            last = rewards[:, at] + following - values[:, at] + 0.95 * last
            advantages[:, at] = last
        returns = advantages + values
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        for rows in torch.randperm(rollouts, device=device).split(minibatch):
            with torch.autocast(kind, torch.bfloat16):
                logits, predicted = policy(ids[rows])
                logprobs = token_logprobs(logits, ids[rows], query)
            predicted = predicted[:, query - 1 : -1].float()
            ratio = (logprobs - old[rows]).exp()
            clipped = torch.minimum(ratio * advantages[rows], ratio.clamp(0.8, 1.2) * advantages[rows])
            near = values[rows] + (predicted - values[rows]).clamp(-0.2, 0.2)
            errors = torch.maximum((predicted - returns[rows]) ** 2, (near - returns[rows]) ** 2)
            (-clipped.mean() + 0.05 * errors.mean()).backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    measure(f"{request['part']}.seconds", fastest(iterate, {**request, "repeats": 2}))


def rates(request: dict) -> None:
    """Square products as cuBLAS makes them, and the rate of a copy, which reads and writes each byte."""
    device = request["device"]
    source = torch.ones(request["copyBytes"] // 4, device=device)
    target = torch.empty_like(source)

    def copy() -> None:
        for _ in range(QUEUED):
            target.copy_(source)

    measure("torch.rates.copy.within", QUEUED * 2 * source.nbytes / fastest(copy, request))
    for name, dtype in (("bf16", torch.bfloat16), ("f32", torch.float32)):
        for size in request["products"]:
            a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))

            def product() -> None:
                for _ in range(QUEUED):
                    a @ b.T

            measure(f"torch.rates.product.{name}.{size}", QUEUED * 2 * size**3 / fastest(product, request))


def main(request: dict) -> None:
    torch.manual_seed(1)
    for name, version in (("torch", torch.__version__), ("transformers", transformers.__version__)):
        say(kind="fact", name=name, value=version)
    if request["device"] != "cpu" and not torch.cuda.is_available():
        say(kind="failure", title=request["part"], error="this PyTorch sees no card")
        return
    what = request["part"].split(".")[1]
    if what == "rates":
        attempt("torch.rates", lambda: rates(request))
    elif what == "train":
        for variant in ("eager", "f32", "compiled") if request.get("lora") is None else ("eager", "compiled"):
            if variant == "compiled" and not request["compiles"]:
                continue
            attempt(f"{request['part']}.{variant}", lambda: train(request, variant))
    elif what == "decode":
        for variant in ("eager", "compiled"):
            if variant == "compiled" and not request["compiles"]:
                continue
            for batch in request["batches"]:
                attempt(f"{request['part']}.{batch}.{variant}", lambda: decode(request, batch, variant))
    elif what == "ppo":
        attempt(request["part"], lambda: ppo(request))
    else:
        raise SystemExit(f"compare: there is no part {request['part']}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
