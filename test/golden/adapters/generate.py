"""Makes the adapters and golden values that engine/models/adapter*.ts and the adapters' folders are tested against.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch==2.13.0 transformers==4.57.6 peft==0.18.0 safetensors
    /tmp/venv/bin/python test/golden/adapters/generate.py

Adapters of PEFT over models of ../models (whose rotary settings transformers 4 reads as 5 does). Per adapter a folder as
`save_pretrained` leaves it, and in golden.json: logits of a right-padded batch with the adapter, three SFT steps of
torch.optim.AdamW with gradient clipping on A and B alone (loss, gradient norm, gradients of the first step, and
checksums afterwards), logits of PEFT's "cat" of two adapters, and scores of a reward model whose head is saved with the
adapter. A and B are drawn wide enough to matter. Everything is float32 on one thread.
"""

import json
import pathlib
import shutil

import peft
import torch
import transformers

HERE = pathlib.Path(__file__).parent
LENGTH = 12
VOCABULARY = 61
PAD = 2
PROMPT_LENGTHS = [3, 5, 1]
LENGTHS = [12, 9, 7]
OPTIMIZER = dict(lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)
MAX_GRAD_NORM = 1.0
ADAPTERS = {
    # Every target, over projections with biases.
    "llama-a": ("llama_biases", dict(r=3, lora_alpha=6, target_modules="all-linear")),
    # Another rank, scale and choice of targets; scaled by the root of the rank.
    "llama-b": ("llama_biases", dict(r=2, lora_alpha=5, target_modules=["q_proj", "v_proj"], use_rslora=True)),
    # Tied embeddings.
    "gemma": ("gemma", dict(r=4, lora_alpha=2, target_modules=["k_proj", "o_proj", "down_proj"])),
}
REWARD = "llama-reward"


def base(name, kind=transformers.AutoModelForCausalLM, **settings):
    path = HERE.parent / "models" / name
    return kind.from_pretrained(path, attn_implementation="eager", dtype=torch.float32, **settings).eval()


def draw(model, generator):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name or "modules_to_save" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)


def examples(generator):
    sequences = [torch.randint(3, VOCABULARY, (n,), generator=generator) for n in LENGTHS]
    for sequence in sequences:
        sequence[-1] = PAD
    return sequences


def batch_of(sequences):
    ids = torch.full((len(sequences), LENGTH), PAD)
    labels = torch.full_like(ids, -100)
    mask = torch.zeros_like(ids)
    for row, (sequence, prompt) in enumerate(zip(sequences, PROMPT_LENGTHS)):
        ids[row, : len(sequence)] = sequence
        labels[row, prompt : len(sequence)] = sequence[prompt:]
        mask[row, : len(sequence)] = 1
    return ids, labels, mask


def logits_of(model, sequences):
    ids, _, mask = batch_of(sequences)
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    return [
        [[round(x, 6) for x in position] for position in row[: len(sequence)].tolist()]
        for row, sequence in zip(logits, sequences)
    ]


def plain(name):
    return name.removeprefix("base_model.model.").replace(".default", "")


def train(model, sequences):
    """Three steps on A and B, which all are matrices and so decay."""
    ids, labels, mask = batch_of(sequences)
    trained = {plain(name): p for name, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(trained.values(), **OPTIMIZER)
    steps, gradients = [], {}
    for step in range(3):
        optimizer.zero_grad()
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, VOCABULARY), labels[:, 1:].reshape(-1))
        loss.backward()
        if step == 0:
            gradients = {name: [float(f"{x:.6g}") for x in p.grad.flatten().tolist()] for name, p in trained.items()}
        norm = torch.nn.utils.clip_grad_norm_(trained.values(), MAX_GRAD_NORM)
        optimizer.step()
        steps.append({"loss": loss.item(), "gradNorm": norm.item()})
    sums = {
        name: {"sum": p.double().sum().item(), "sumOfSquares": p.double().square().sum().item()}
        for name, p in trained.items()
    }
    return {"steps": steps, "gradients": gradients, "parameters": sums}


def save(model, name, of):
    """As PEFT saves it, but for the place of the base, which would be this machine's, and the model card."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    settings = {**json.loads(path.read_text()), "base_model_name_or_path": f"../models/{of}"}
    settings["target_modules"] = sorted(settings["target_modules"])
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")


def golden(name):
    of, settings = ADAPTERS[name]
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    model = peft.get_peft_model(base(of), peft.LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
    draw(model, generator)
    save(model, name, of)
    sequences = examples(generator)
    result = {
        "base": of,
        "sequences": [sequence.tolist() for sequence in sequences],
        "promptLengths": PROMPT_LENGTHS,
        "logits": logits_of(model, sequences),
    }
    result["optimizer"] = {**OPTIMIZER, "maxGradNorm": MAX_GRAD_NORM}
    result["sft"] = train(model, sequences)
    return result


def soup(names, weights, sequences):
    of = ADAPTERS[names[0]][0]
    model = peft.PeftModel.from_pretrained(base(of), HERE / names[0], adapter_name="0")
    for index, name in enumerate(names[1:], 1):
        model.load_adapter(HERE / name, adapter_name=str(index))
    model.add_weighted_adapter([str(index) for index in range(len(names))], weights, "soup", combination_type="cat")
    model.set_adapter("soup")
    return {"of": names, "weights": weights, "logits": logits_of(model.eval(), sequences)}


def reward():
    of = "llama_biases"
    generator = torch.Generator().manual_seed(5)
    model = base(of, transformers.AutoModelForSequenceClassification, num_labels=1)
    settings = peft.LoraConfig(task_type="SEQ_CLS", r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "up_proj"])
    model = peft.get_peft_model(model, settings).eval()
    draw(model, generator)
    save(model, REWARD, of)
    sequences = examples(generator)
    with torch.no_grad():
        scores = [model(input_ids=sequence[None, :-1]).logits.item() for sequence in sequences]
    return {"base": of, "sequences": [sequence[:-1].tolist() for sequence in sequences], "scores": scores}


if __name__ == "__main__":
    torch.set_num_threads(1)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
    adapters = {name: golden(name) for name in ADAPTERS}
    sequences = [torch.tensor(sequence) for sequence in adapters["llama-a"]["sequences"]]
    result = {
        "versions": versions,
        "adapters": adapters,
        "soup": soup(["llama-a", "llama-b"], [0.7, 0.3], sequences),
        "reward": reward(),
    }
    (HERE / "golden.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
