"""Writes golden.json: inputs, outputs and gradients of the engine's ops, computed by PyTorch in float64.

    pip install torch==2.13.0
    python test/golden/ops/generate.py

Operands are rounded to float32 first, so that both sides start from the same numbers; results are rounded to nine
significant digits. `upstream` holds the weights of the outputs in the loss whose gradients are given.
"""

import json
import math
import platform
from pathlib import Path

import torch
import torch.nn.functional as F

torch.manual_seed(20)
EMPTY_LSE = -1e30
cases = []


def uniform(*shape, low=-1.0, high=1.0):
    values = torch.rand(shape, dtype=torch.float64) * (high - low) + low
    return values.float().double()


def integers(values):
    return torch.tensor(values, dtype=torch.int64)


def dump(tensor):
    tensor = tensor.detach()
    if tensor.dtype == torch.int64:
        return {"shape": list(tensor.shape), "dtype": "i32", "data": tensor.flatten().tolist()}
    data = [float(f"{value:.9g}") for value in tensor.flatten().tolist()]
    return {"shape": list(tensor.shape), "dtype": "f32", "data": data}


def case(title, what, function, operands, attrs=None, wrt=(), smooth=(0,), state=()):
    """Records one case; `function` maps the operands to the op's outputs."""
    for name in wrt:
        operands[name].requires_grad_(True)
    outputs = function(**operands)
    record = {
        "title": title,
        "what": what,
        "attrs": attrs or {},
        "operands": {name: dump(value) for name, value in operands.items()},
        "state": list(state),
        "outputs": [dump(output) for output in outputs],
    }
    if wrt:
        upstream = {index: uniform(*outputs[index].shape) for index in smooth}
        loss = sum((outputs[index] * weights).sum() for index, weights in upstream.items())
        grads = torch.autograd.grad(loss, [operands[name] for name in wrt])
        record["wrt"] = list(wrt)
        record["smooth"] = list(smooth)
        record["upstream"] = [dump(upstream[i]) if i in upstream else None for i in range(len(outputs))]
        record["gradients"] = [dump(grad) for grad in grads]
    cases.append(record)


# Dense layers and tables.
case("linear", "linear", lambda x, w: [F.linear(x, w)], {"x": uniform(2, 3, 5), "w": uniform(7, 5)}, wrt=["x", "w"])
case(
    "embedding",
    "embedding",
    lambda table, ids: [F.embedding(ids, table)],
    {"table": uniform(6, 4), "ids": integers([[0, 5, 2], [2, 2, 1]])},
    wrt=["table"],
)


# Norms: torch.nn.functional.rms_norm; Gemma multiplies by 1 + w.
def rms_norm(eps, offset):
    def function(x, w):
        rstd = torch.rsqrt(x.square().mean(-1) + eps).flatten()
        return [F.rms_norm(x, x.shape[-1:], w + offset, eps), rstd]

    return function


for offset in (0, 1):
    case(
        f"rmsNorm, offset {offset}",
        "rmsNorm",
        rms_norm(1e-5, offset),
        {"x": uniform(2, 3, 6, low=-2, high=2), "w": uniform(6)},
        attrs={"eps": 1e-5, "offset": offset},
        wrt=["x", "w"],
    )


# Rotary embedding as transformers' Llama has it: the channels' halves are rotated against each other.
def rope_frequencies(head_size, theta, scaling):
    inverse = 1.0 / theta ** (torch.arange(0, head_size, 2, dtype=torch.float64) / head_size)
    if not scaling:
        return inverse
    factor, low, high, context = scaling
    wavelength = 2 * math.pi / inverse
    smooth = (context / wavelength - low) / (high - low)
    blended = (1 - smooth) * inverse / factor + smooth * inverse
    stretched = torch.where(wavelength > context / low, inverse / factor, inverse)
    medium = (wavelength <= context / low) & (wavelength >= context / high)
    return torch.where(medium, blended, stretched)


def rope(frequencies):
    def function(x, positions):
        angles = positions[..., None].double() * frequencies
        angles = torch.cat([angles, angles], -1)[:, :, None]  # [B, T, 1, D]
        left, right = x.chunk(2, -1)
        return [x * angles.cos() + torch.cat([-right, left], -1) * angles.sin()]

    return function


for title, theta, scaling in (("rope", 10000.0, []), ("rope, Llama 3 scaling", 500000.0, [8.0, 1.0, 4.0, 64.0])):
    frequencies = rope_frequencies(16, theta, scaling)
    case(
        title,
        "rope",
        rope(frequencies),
        {"x": uniform(2, 3, 2, 16), "positions": integers([[0, 1, 2], [7, 33, 150]])},
        attrs={"frequencies": frequencies.tolist(), "inverse": False},
        wrt=["x"],
    )


# Soft-caps as Gemma 2 has them; a cap of 0 is none.
def capped(x, cap):
    return cap * torch.tanh(x / cap) if cap else x


# Attention: torch's scaled_dot_product_attention under an explicit mask.
def attention(scale, window):
    def function(q, k, v, start, offset):
        key = torch.arange(k.shape[1])
        query = offset + torch.arange(q.shape[1])
        mask = (key[None, :] <= query[:, None])[None] & (key[None, None, :] >= start[:, None, None])
        if window:
            mask = mask & (key[None, :] > query[:, None] - window)[None]
        seen = mask.any(-1)  # [B, T]
        # Queries that see nothing get all keys here, for torch's sake, and are cut out of the result.
        safe = (mask | ~seen[..., None])[:, None]
        heads = [x.transpose(1, 2) for x in (q, k, v)]
        o = F.scaled_dot_product_attention(*heads, attn_mask=safe, scale=scale, enable_gqa=True)
        repeated = heads[1].repeat_interleave(q.shape[2] // k.shape[2], 1)
        scores = (heads[0] @ repeated.transpose(-1, -2) * scale).masked_fill(~safe, -math.inf)
        lse = torch.where(seen[:, None], scores.logsumexp(-1), torch.tensor(EMPTY_LSE, dtype=torch.float64))
        return [o.transpose(1, 2) * seen[..., None, None], lse]

    return function


ATTENTIONS = {
    "causal": dict(B=2, T=5, S=5, H=2, G=2, start=[0, 0]),
    "grouped queries": dict(B=1, T=6, S=6, H=4, G=2, start=[0]),
    "sliding window": dict(B=2, T=7, S=7, H=2, G=1, start=[0, 0], window=3),
    "left padding": dict(B=3, T=6, S=6, H=2, G=2, start=[0, 2, 5]),
    "decoding": dict(B=2, T=2, S=9, H=4, G=2, start=[0, 3], offset=5, window=4),
}
for title, at in ATTENTIONS.items():
    scale, window = 0.5, at.get("window", 0)
    case(
        f"attention, {title}",
        "attention",
        attention(scale, window),
        {
            "q": uniform(at["B"], at["T"], at["H"], 4, low=-2, high=2),
            "k": uniform(at["B"], at["S"], at["G"], 4, low=-2, high=2),
            "v": uniform(at["B"], at["S"], at["G"], 4),
            "start": integers(at["start"]),
            "offset": integers([at.get("offset", 0)]),
        },
        attrs={"scale": scale, "window": window, "softcap": 0},
        wrt=["q", "k", "v"],
    )


# Gated MLPs.
ACTIVATIONS = {"silu": F.silu, "geluTanh": lambda x: F.gelu(x, approximate="tanh")}
for kind, act in ACTIVATIONS.items():
    case(
        f"gated activation, {kind}",
        "gatedActivation",
        lambda gate, up, act=act: [act(gate) * up],
        {"gate": uniform(3, 5, low=-4, high=4), "up": uniform(3, 5)},
        attrs={"kind": kind},
        wrt=["gate", "up"],
    )
case(
    "gated MLP",
    "gatedMlp",
    lambda x, gate, up, down: [F.linear(F.silu(F.linear(x, gate)) * F.linear(x, up), down)],
    {"x": uniform(2, 3, 4), "gate": uniform(7, 4), "up": uniform(7, 4), "down": uniform(4, 7)},
    wrt=["x", "gate", "up", "down"],
)


# Log-probability (cross-entropy, negated) and entropy under a temperature.
def logprob(temperature, softcap=0):
    def function(h, w, targets):
        logits = capped(F.linear(h, w), softcap) / temperature
        used = targets >= 0
        logp = logits.log_softmax(-1)
        chosen = -F.cross_entropy(logits, targets, ignore_index=-1, reduction="none")
        entropy = -(logp.exp() * logp).sum(-1)
        return [chosen, entropy * used, logits.logsumexp(-1) * used]

    return function


for temperature in (1.0, 0.7, 2.5):
    case(
        f"logprob and entropy, temperature {temperature}",
        "logprob",
        logprob(temperature),
        {
            "h": uniform(6, 4, low=-2, high=2),
            "w": uniform(9, 4, low=-2, high=2),
            "targets": integers([0, 8, -1, 3, 3, -1]),
        },
        attrs={"temperature": temperature, "softcap": 0},
        wrt=["h", "w"],
        smooth=(0, 1),
    )


def full_kl(h, w, hRef, wRef):
    policy, ref = F.linear(h, w).log_softmax(-1), F.linear(hRef, wRef).log_softmax(-1)
    return [F.kl_div(ref, policy, reduction="none", log_target=True).sum(-1)]


case(
    "full KL",
    "fullKl",
    full_kl,
    {"h": uniform(4, 3), "w": uniform(7, 3), "hRef": uniform(4, 3), "wRef": uniform(7, 3)},
    attrs={"temperature": 1.0, "softcap": 0},
)

# Three steps of torch.optim.AdamW.
SETTINGS = dict(lr=0.02, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
parameter = torch.nn.Parameter(uniform(3, 5))
optimizer = torch.optim.AdamW([parameter], **SETTINGS)
operands = {"p": parameter.detach().clone(), "m": torch.zeros(3, 5).double(), "v": torch.zeros(3, 5).double()}
for step in (1, 2, 3):
    grad = uniform(3, 5)
    parameter.grad = grad.clone()
    optimizer.step()
    beta1, beta2 = SETTINGS["betas"]
    operands[f"g{step}"] = grad
    operands[f"hyper{step}"] = torch.tensor(
        [0.02, beta1, beta2, 1e-6, 0.1, 1 - beta1**step, 1 - beta2**step, 0], dtype=torch.float64
    )
moments = optimizer.state[parameter]
case(
    "AdamW, three steps",
    "adamwSteps",
    lambda **_: [parameter, moments["exp_avg"], moments["exp_avg_sq"]],
    operands,
    state=["p", "m", "v"],
)

# torch.nn.utils.clip_grad_norm_, above and below its limit.
for limit in (0.5, 100.0):
    raw = [uniform(3, 4), uniform(5)]
    leaves = [torch.nn.Parameter(torch.zeros_like(grad)) for grad in raw]
    for leaf, grad in zip(leaves, raw):
        leaf.grad = grad.clone()
    norm = torch.nn.utils.clip_grad_norm_(leaves, limit)
    case(
        f"clip_grad_norm_, limit {limit}",
        "clipGradNorm",
        lambda a, b, norm=norm, leaves=leaves: [norm, *[leaf.grad for leaf in leaves]],
        {"a": raw[0], "b": raw[1]},
        attrs={"limit": limit},
    )

# Biases and soft-caps.
case(
    "linear with bias",
    "linearWithBias",
    lambda x, w, bias: [F.linear(x, w, bias)],
    {"x": uniform(2, 3, 5), "w": uniform(7, 5), "bias": uniform(7)},
    wrt=["x", "w", "bias"],
)
case("tanh", "unary", lambda x: [torch.tanh(x)], {"x": uniform(3, 5, low=-3, high=3)}, attrs={"kind": "tanh"}, wrt=["x"])


def capped_attention(scale, cap):
    """Gemma 2's eager attention: the cap comes after the scale and before the mask."""

    def function(q, k, v, start, offset):
        key = torch.arange(k.shape[1])
        mask = (key[None, :] <= key[:, None])[None] & (key[None, None, :] >= start[:, None, None])
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        k, v = (x.repeat_interleave(q.shape[1] // k.shape[1], 1) for x in (k, v))
        scores = capped(q @ k.transpose(-1, -2) * scale, cap).masked_fill(~mask[:, None], -math.inf)
        return [(scores.softmax(-1) @ v).transpose(1, 2), scores.logsumexp(-1)]

    return function


case(
    "attention, soft-capped",
    "attention",
    capped_attention(0.8, 1.5),
    {
        "q": uniform(2, 6, 4, 4, low=-2, high=2),
        "k": uniform(2, 6, 2, 4, low=-2, high=2),
        "v": uniform(2, 6, 2, 4),
        "start": integers([0, 0]),
        "offset": integers([0]),
    },
    attrs={"scale": 0.8, "window": 0, "softcap": 1.5},
    wrt=["q", "k", "v"],
)
case(
    "logprob and entropy, soft-capped",
    "logprob",
    logprob(0.7, 2.0),
    {"h": uniform(4, 4, low=-2, high=2), "w": uniform(9, 4, low=-2, high=2), "targets": integers([0, 8, -1, 3])},
    attrs={"temperature": 0.7, "softcap": 2.0},
    wrt=["h", "w"],
    smooth=(0, 1),
)


def capped_kl(h, w, hRef, wRef):
    policy, ref = (capped(F.linear(a, b), 1.5).log_softmax(-1) for a, b in ((h, w), (hRef, wRef)))
    return [F.kl_div(ref, policy, reduction="none", log_target=True).sum(-1)]


case(
    "full KL, soft-capped",
    "fullKl",
    capped_kl,
    {
        "h": uniform(4, 3, low=-2, high=2),
        "w": uniform(7, 3, low=-2, high=2),
        "hRef": uniform(4, 3, low=-2, high=2),
        "wRef": uniform(7, 3, low=-2, high=2),
    },
    attrs={"temperature": 1.0, "softcap": 1.5},
)

versions = {"python": platform.python_version(), "torch": torch.__version__}
path = Path(__file__).with_name("golden.json")
path.write_text(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")) + "\n")
print(f"{len(cases)} cases, {path.stat().st_size} bytes")
