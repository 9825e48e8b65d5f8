"""Makes the values of tiny random models of many shapes that engine/models is tested against.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch==2.13.0 transformers==5.24.0 safetensors
    /tmp/venv/bin/python test/golden/architectures/generate.py
    /tmp/venv/bin/pip install transformers==4.57.6
    /tmp/venv/bin/python test/golden/architectures/generate.py --also

For every shape: config.json as this version of transformers writes it (shapes.json), and in results.safetensors the
logits of two sequences, the second of them padded on the right, and the gradient of their mean next-token loss by every
weight. With --also, the results of another version must be those on file, and only its config.json files are added:
their layouts differ. Weights are not stored: both sides draw them by the same integer arithmetic, exact in float32.
Everything is float32, eager attention, on one thread.
"""

import json
import pathlib
import sys
import zlib

import torch
import transformers
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).parent
VOCABULARY = 23
LENGTHS = [20, 13]
# Head size 8 where hidden_size / heads is 6.
SIZES = dict(
    vocab_size=VOCABULARY,
    hidden_size=12,
    intermediate_size=10,
    num_hidden_layers=3,
    num_attention_heads=2,
    num_key_value_heads=1,
    head_dim=8,
    max_position_embeddings=64,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
)
NARROW = dict(num_attention_heads=3, num_key_value_heads=3, head_dim=4)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=8)
LAYERS = ["full_attention", "sliding_attention", "full_attention"]
# Caps that bend the scores and logits of such small models.
CAPS = dict(attn_logit_softcapping=1.5, final_logit_softcapping=4.0)

# family: class, config class, and its shapes as departures from SIZES. Rotary settings as transformers 4 spells them;
# version 5 takes them, too, and writes its own.
FAMILIES = {
    "llama": (
        transformers.LlamaForCausalLM,
        transformers.LlamaConfig,
        {
            "plain": dict(NARROW, tie_word_embeddings=True),
            "biases": dict(attention_bias=True, mlp_bias=True, rms_norm_eps=1e-3),
            "linear": dict(rope_theta=500.0, rope_scaling=dict(rope_type="linear", factor=4.0)),
            "dynamic": dict(rope_scaling=dict(rope_type="dynamic", factor=4.0)),
            "llama3": dict(
                rope_theta=500.0,
                rope_scaling=dict(
                    rope_type="llama3",
                    factor=8.0,
                    low_freq_factor=1.0,
                    high_freq_factor=4.0,
                    original_max_position_embeddings=16,
                ),
            ),
            "yarn": dict(rope_theta=500.0, head_dim=16, rope_scaling=dict(YARN, beta_fast=4.0)),
            "yarn-untruncated": dict(
                head_dim=16, rope_scaling=dict(YARN, beta_fast=2.0, beta_slow=0.1, truncate=False, attention_factor=1.5)
            ),
            "yarn-mscale": dict(NARROW, rope_scaling=dict(YARN, mscale=1.0, mscale_all_dim=0.5)),
        },
    ),
    "mistral": (
        transformers.MistralForCausalLM,
        transformers.MistralConfig,
        {
            "window": dict(sliding_window=5),
            "default-window": dict(NARROW, tie_word_embeddings=True),
            "whole-past": dict(sliding_window=None, rope_theta=1e6),
        },
    ),
    "gemma": (
        transformers.GemmaForCausalLM,
        transformers.GemmaConfig,
        {"one-key": dict(), "narrow": NARROW, "biases": dict(attention_bias=True, tie_word_embeddings=False)},
    ),
    "gemma2": (
        transformers.Gemma2ForCausalLM,
        transformers.Gemma2Config,
        {
            "caps": dict(CAPS, sliding_window=5, query_pre_attn_scalar=5),
            "uncapped": dict(
                NARROW,
                attn_logit_softcapping=None,
                final_logit_softcapping=None,
                sliding_window=3,
                layer_types=LAYERS,
                tie_word_embeddings=False,
            ),
            "defaults": dict(NARROW),
        },
    ),
    "gemma3_text": (
        transformers.Gemma3ForCausalLM,
        transformers.Gemma3TextConfig,
        {
            "two-bases": dict(sliding_window=5, sliding_window_pattern=2, rope_theta=5000.0, rope_local_base_freq=100.0),
            "scaled": dict(
                NARROW, sliding_window=5, layer_types=LAYERS, rope_scaling=dict(rope_type="linear", factor=8.0)
            ),
            "cap": dict(
                final_logit_softcapping=4.0,
                sliding_window=4,
                query_pre_attn_scalar=5,
                tie_word_embeddings=False,
                layer_types=LAYERS,
            ),
        },
    ),
    "qwen2": (
        transformers.Qwen2ForCausalLM,
        transformers.Qwen2Config,
        {
            "tied": dict(NARROW, tie_word_embeddings=True),
            "windows": dict(use_sliding_window=True, sliding_window=5, max_window_layers=1),
            "yarn": dict(rope_theta=1e6, rope_scaling=dict(YARN)),
        },
    ),
    "qwen3": (
        transformers.Qwen3ForCausalLM,
        transformers.Qwen3Config,
        {
            "tied": dict(head_dim=16, tie_word_embeddings=True),
            "windows": dict(NARROW, use_sliding_window=True, sliding_window=5, layer_types=LAYERS),
            "biases": dict(attention_bias=True, rope_theta=1e6),
        },
    ),
    "smollm3": (
        transformers.SmolLM3ForCausalLM,
        transformers.SmolLM3Config,
        {
            "every-second": dict(NARROW, no_rope_layer_interval=2),
            "windows": dict(
                no_rope_layers=[1, 0, 0], use_sliding_window=True, sliding_window=5, tie_word_embeddings=False
            ),
            "biases": dict(attention_bias=True, mlp_bias=True, no_rope_layers=[0, 1, 1], rope_scaling=dict(YARN)),
        },
    ),
    "olmo2": (
        transformers.Olmo2ForCausalLM,
        transformers.Olmo2Config,
        {"narrow": NARROW, "biases": dict(SIZES, attention_bias=True, tie_word_embeddings=True)},
    ),
}
# Of sums of dozens of float32 terms, in two versions of the same code.
TOLERANCE = 1e-5


def draw(size, seed):
    """Multiples of 2^-16 in [-0.5, 0.5): a multiplicative hash of the index (Knuth 6.4), mixed by shifts."""
    words = (torch.arange(size, dtype=torch.int64) * 2654435761 + seed) & 0xFFFFFFFF
    words = ((words ^ (words >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    words = ((words ^ (words >> 15)) * 0x27D4EB2D) & 0xFFFFFFFF
    return (words >> 16).to(torch.float32) / 65536 - 0.5


def redraw(model, shape):
    """Every weight, norms and biases included: their initial values would hide mistakes in their use."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = draw(parameter.numel(), zlib.crc32(f"{shape}/{name}".encode())).reshape(parameter.shape)
            parameter.copy_(values if parameter.ndim > 1 else parameter + values)


def batch(shape):
    width = max(LENGTHS)
    ids = torch.zeros(len(LENGTHS), width, dtype=torch.long)
    for row, length in enumerate(LENGTHS):
        values = draw(length, zlib.crc32(f"{shape}/tokens/{row}".encode()))
        ids[row, :length] = 3 + ((values + 0.5) * (VOCABULARY - 3)).long()
    mask = (torch.arange(width)[None] < torch.tensor(LENGTHS)[:, None]).long()
    return ids, mask


def results(model_class, config, shape):
    config._attn_implementation = "eager"
    model = model_class(config).eval()
    redraw(model, shape)
    ids, mask = batch(shape)
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    labels = ids.masked_fill(mask == 0, -100)[:, 1:]
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, VOCABULARY), labels.reshape(-1))
    loss.backward()
    found = {f"{shape}/logits/{row}": logits[row, :length].detach().clone() for row, length in enumerate(LENGTHS)}
    for name, parameter in model.named_parameters():
        found[f"{shape}/gradients/{name}"] = parameter.grad.clone()
    return found


def main(also):
    torch.set_num_threads(1)
    version = transformers.__version__
    path = HERE / "shapes.json"
    configs, found = (json.loads(path.read_text())["shapes"] if also else {}), {}
    for family, (model_class, config_class, shapes) in FAMILIES.items():
        for name, changes in shapes.items():
            shape = f"{family}/{name}"
            config = config_class(**{**SIZES, **changes})
            found |= results(model_class, config, shape)
            config.architectures = [model_class.__name__]
            # A version writes only what it must, as in the folders that it saves.
            configs.setdefault(shape, {})[version] = json.loads(config.to_json_string())
    if also:
        known = load_file(HERE / "results.safetensors")
        worst = max((found[name] - known[name]).abs().max().item() for name in known)
        assert found.keys() == known.keys() and worst < TOLERANCE, worst
        print(f"{len(known)} tensors differ from those on file by at most {worst:.1e}")
    else:
        save_file(found, HERE / "results.safetensors", {"torch": torch.__version__, "transformers": version})
    text = json.dumps({"lengths": LENGTHS, "shapes": configs}, indent=1)
    path.write_text(text + "\n")


if __name__ == "__main__":
    main(also="--also" in sys.argv)
