"""Writes golden.json: f32 numbers as bits, the bits of the bf16 that PyTorch rounds them to, and a cast's gradient.

    pip install torch==2.13.0
    python test/golden/dtypes/generate.py
"""

import json
from pathlib import Path

import torch

torch.manual_seed(9)

SPECIAL = [
    0x00000000, 0x80000000,  # zeros
    0x00000001, 0x80000001, 0x007FFFFF, 0x00008000, 0x00008001, 0x00018000,  # subnormals, with ties
    0x3F800000, 0xBF800000, 0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF,  # 1 and ties around it, both ways
    0x3FFF8000, 0x3FFFFFFF,  # carries into the exponent
    0x7F7F0000, 0x7F7F7FFF, 0x7F7F8000, 0x7F7FFFFF, 0xFF7F8000,  # the largest, and what rounds to infinity
    0x7F800000, 0xFF800000,  # infinities
    0x7FC00000, 0xFFC00000, 0x7F800001, 0x7FFFFFFF, 0xFFFFFFFF,  # NaNs; rounding would carry some over
]


def signed(words):
    return torch.tensor([word - (1 << 32) if word >= 1 << 31 else word for word in words], dtype=torch.int32)


def bits(values):
    mask = 0xFFFF if values.dtype == torch.bfloat16 else 0xFFFFFFFF
    view = torch.int16 if values.dtype == torch.bfloat16 else torch.int32
    return [int(word) & mask for word in values.detach().view(view)]


f32 = torch.cat([signed(SPECIAL), torch.randint(-(1 << 31), 1 << 31, (228,)).int()]).view(torch.float32)

x = torch.randn(64, requires_grad=True)
upstream = torch.randn(64)
(x.bfloat16().float() * upstream).sum().backward()

golden = {
    "torch": torch.__version__,
    "f32": bits(f32),
    # One by one: PyTorch's conversion of whole vectors makes 0xFFFF of a NaN, that of single numbers 0x7FC0.
    "bf16": bits(torch.stack([number.bfloat16() for number in f32])),
    "gradient": {"x": bits(x), "upstream": bits(upstream), "dx": bits(x.grad)},
}
Path(__file__).with_name("golden.json").write_text(json.dumps(golden) + "\n")
