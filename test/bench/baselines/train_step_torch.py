"""One training step of the reference model in PyTorch, eager, on two CPU threads.

4 layers, width 128, 4 heads, gated MLP of 304, vocabulary 512, untied: 861,312 parameters.
A step is forward, backward and AdamW over 32 x 64 tokens, all of them in the loss.
Prints one JSON line. Arguments: warm-up steps, timed steps, optionally `compile`.
"""

import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

LAYERS, WIDTH, HEADS, HIDDEN, VOCABULARY = 4, 128, 4, 304, 512
BATCH, TOKENS = 32, 64
PARAMETERS = 861_312
THREADS = 2


def rotary_tables(head_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines in Hugging Face's half-rotation convention, `[T, D]` each."""
    frequency = 10_000.0 ** (-torch.arange(0, head_size, 2) / head_size)
    angle = torch.outer(torch.arange(TOKENS), frequency)  # [T, D / 2]
    angle = torch.cat((angle, angle), dim=-1)
    return angle.cos(), angle.sin()


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary position embedding of `[B, H, T, D]`."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Layer(nn.Module):
    """Pre-norm attention and gated MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.input_norm = nn.RMSNorm(WIDTH, eps=1e-5)
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))
        self.mlp_norm = nn.RMSNorm(WIDTH, eps=1e-5)
        self.gate = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.up = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.down = nn.Linear(HIDDEN, WIDTH, bias=False)

    def forward(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        normed = self.input_norm(x)
        q, k, v = (
            project(normed).view(BATCH, TOKENS, HEADS, -1).transpose(1, 2)  # [B, H, T, D]
            for project in (self.q, self.k, self.v)
        )
        mixed = F.scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v, is_causal=True)
        x = x + self.o(mixed.transpose(1, 2).reshape(BATCH, TOKENS, WIDTH))
        normed = self.mlp_norm(x)
        return x + self.down(F.silu(self.gate(normed)) * self.up(normed))


class Model(nn.Module):
    """Llama-style decoder with an untied language-model head."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = nn.RMSNorm(WIDTH, eps=1e-5)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        cos, sin = rotary_tables(WIDTH // HEADS)
        self.register_buffer("cos", cos)
        self.register_buffer("sin", sin)

    def forward(self, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        x = self.embedding(ids)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin)
        logits = self.head(self.norm(x))  # [B, T, V]
        return F.cross_entropy(logits.view(-1, VOCABULARY), targets.view(-1))


def main(warmup: int, steps: int, compiled: bool) -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    model = Model()
    for parameter in model.parameters():
        if parameter.dim() == 2:
            nn.init.normal_(parameter, std=0.02)
    count = sum(p.numel() for p in model.parameters())
    assert count == PARAMETERS, f"{count} parameters, not {PARAMETERS}"
    # The fused AdamW is PyTorch's fastest on CPU for this model; the default loops over tensors in Python.
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    forward = torch.compile(model) if compiled else model
    sequence = torch.randint(VOCABULARY, (BATCH, TOKENS + 1))
    ids, targets = sequence[:, :-1].contiguous(), sequence[:, 1:].contiguous()

    samples, losses = [], []
    for step in range(warmup + steps):
        start = time.perf_counter()
        loss = forward(ids, targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if step >= warmup:
            samples.append((time.perf_counter() - start) * 1000)
    report = {
        "ms": statistics.median(samples),
        "minMs": min(samples),
        "losses": [losses[0], losses[-1]],
        "threads": torch.get_num_threads(),
        "versions": {"torch": torch.__version__, "python": sys.version.split()[0]},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "compile" in sys.argv[3:])
