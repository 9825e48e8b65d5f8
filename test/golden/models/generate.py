"""Makes the pico checkpoints and golden values that engine/models and engine/training are tested against.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch==2.13.0 transformers==5.23.0 safetensors
    /tmp/venv/bin/python test/golden/models/generate.py [MODEL ...]

Without names it makes all models; with names, those, and leaves what golden.json has of the others.
Per model (one for each architecture, named like it, and more for settings that need their own) it writes a folder as `save_pretrained` leaves it, and golden.json with: logits of a right-padded
batch, tokens generated greedily, and three SFT steps of torch.optim.AdamW with gradient clipping (loss, gradient
norm, and checksums of the parameters afterwards). Weights are drawn with a larger spread than usual (0.2), so that
attention, gates and norms are far from their trivial values. Everything is float32 on one thread.
"""

import json
import pathlib
import sys

import torch
import transformers

HERE = pathlib.Path(__file__).parent
LENGTH = 12
VOCABULARY = 61
COMMON = dict(
    vocab_size=VOCABULARY,
    hidden_size=24,
    intermediate_size=40,
    num_hidden_layers=2,
    max_position_embeddings=64,
    initializer_range=0.2,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=2,
)
MODELS = {
    # Grouped queries, untied, and Llama 3.1's frequency scaling with an original context shorter than the sequences.
    "llama": (
        transformers.LlamaForCausalLM,
        transformers.LlamaConfig(
            **COMMON,
            num_attention_heads=4,
            num_key_value_heads=2,
            rms_norm_eps=1e-5,
            rope_parameters={
                "rope_type": "llama3",
                "rope_theta": 500.0,
                "factor": 4.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 8,
            },
        ),
    ),
    # A window shorter than the sequences, and heads wider than hidden_size / heads.
    "mistral": (
        transformers.MistralForCausalLM,
        transformers.MistralConfig(
            **COMMON, num_attention_heads=3, num_key_value_heads=1, head_dim=16, sliding_window=5, rms_norm_eps=1e-5
        ),
    ),
    "gemma": (
        transformers.GemmaForCausalLM,
        transformers.GemmaConfig(**COMMON, num_attention_heads=4, num_key_value_heads=1, head_dim=8),
    ),
    # Biases on all projections.
    "llama_biases": (
        transformers.LlamaForCausalLM,
        transformers.LlamaConfig(
            **COMMON, num_attention_heads=4, num_key_value_heads=2, attention_bias=True, mlp_bias=True
        ),
    ),
    # Biases on queries, keys and values; a window in the second layer only.
    "qwen2": (
        transformers.Qwen2ForCausalLM,
        transformers.Qwen2Config(
            **COMMON,
            num_attention_heads=4,
            num_key_value_heads=2,
            use_sliding_window=True,
            sliding_window=5,
            max_window_layers=1,
        ),
    ),
    "qwen3": (
        transformers.Qwen3ForCausalLM,
        transformers.Qwen3Config(
            **COMMON, num_attention_heads=4, num_key_value_heads=2, head_dim=16, tie_word_embeddings=True
        ),
    ),
    # Caps low enough to bend the scores and logits of such small models; a divisor that is not the head size.
    "gemma2": (
        transformers.Gemma2ForCausalLM,
        transformers.Gemma2Config(
            **COMMON,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            query_pre_attn_scalar=5,
            sliding_window=5,
            attn_logit_softcapping=1.5,
            final_logit_softcapping=4.0,
        ),
    ),
    # The second layer sees everything, under a rotary base of its own.
    "gemma3_text": (
        transformers.Gemma3ForCausalLM,
        transformers.Gemma3TextConfig(
            **COMMON,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            query_pre_attn_scalar=5,
            sliding_window=5,
            layer_types=["sliding_attention", "full_attention"],
            rope_parameters={
                "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
                "full_attention": {"rope_type": "default", "rope_theta": 5000.0},
            },
        ),
    ),
    "olmo2": (
        transformers.Olmo2ForCausalLM,
        transformers.Olmo2Config(**COMMON, num_attention_heads=4, num_key_value_heads=2),
    ),
    # The second layer has no rotary positions.
    "smollm3": (
        transformers.SmolLM3ForCausalLM,
        transformers.SmolLM3Config(
            **COMMON, num_attention_heads=4, num_key_value_heads=2, no_rope_layer_interval=2, tie_word_embeddings=False
        ),
    ),
}
PROMPT_LENGTHS = [3, 5, 1]
LENGTHS = [12, 9, 7]
OPTIMIZER = dict(lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)
MAX_GRAD_NORM = 1.0


def draw(model, generator):
    """Redraws every weight, norms included: their initial values would hide mistakes in their use."""
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator) * 0.2
            parameter.copy_(noise if parameter.ndim > 1 else parameter + noise)


def examples(generator):
    sequences = [torch.randint(3, VOCABULARY, (n,), generator=generator) for n in LENGTHS]
    for sequence in sequences:
        sequence[-1] = COMMON["eos_token_id"]
    return sequences


def batch_of(sequences):
    ids = torch.full((len(sequences), LENGTH), COMMON["pad_token_id"])
    labels = torch.full_like(ids, -100)
    mask = torch.zeros_like(ids)
    for row, (sequence, prompt) in enumerate(zip(sequences, PROMPT_LENGTHS)):
        ids[row, : len(sequence)] = sequence
        labels[row, prompt : len(sequence)] = sequence[prompt:]
        mask[row, : len(sequence)] = 1
    return ids, labels, mask


def sft_loss(model, ids, labels, mask):
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, VOCABULARY), labels[:, 1:].reshape(-1))


def train(model, ids, labels, mask):
    decayed = [p for p in model.parameters() if p.ndim > 1]
    undecayed = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": decayed}, {"params": undecayed, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, **OPTIMIZER)
    steps = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = sft_loss(model, ids, labels, mask)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
        optimizer.step()
        steps.append({"loss": loss.item(), "gradNorm": norm.item()})
    sums = {
        name: {"sum": parameter.double().sum().item(), "sumOfSquares": parameter.double().square().sum().item()}
        for name, parameter in model.named_parameters()
    }
    return {"steps": steps, "parameters": sums}


def golden(name):
    model_class, config = MODELS[name]
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    config._attn_implementation = "eager"
    model = model_class(config).eval()
    draw(model, generator)
    model.save_pretrained(HERE / name)
    (HERE / name / "generation_config.json").unlink(missing_ok=True)
    sequences = examples(generator)
    ids, labels, mask = batch_of(sequences)
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        greedy = [
            model.generate(
                sequence[None, :prompt],
                attention_mask=torch.ones(1, prompt, dtype=torch.long),
                max_new_tokens=8,
                do_sample=False,
                eos_token_id=COMMON["eos_token_id"],
            )[0, prompt:].tolist()
            for sequence, prompt in zip(sequences, PROMPT_LENGTHS)
        ]
    return {
        "sequences": [sequence.tolist() for sequence in sequences],
        "promptLengths": PROMPT_LENGTHS,
        "logits": [
            [[round(x, 6) for x in position] for position in row[: len(sequence)].tolist()]
            for row, sequence in zip(logits, sequences)
        ],
        "greedy": greedy,
        "optimizer": {**OPTIMIZER, "maxGradNorm": MAX_GRAD_NORM},
        "sft": train(model, ids, labels, mask),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    path = HERE / "golden.json"
    known = json.loads(path.read_text())["models"] if sys.argv[1:] else {}
    made = {name: golden(name) for name in sys.argv[1:] or MODELS}
    models = {name: made[name] if name in made else known[name] for name in MODELS if name in made or name in known}
    path.write_text(json.dumps({"versions": versions, "models": models}, separators=(",", ":")) + "\n")
