"""Makes the greedy answers of SmolLM2-135M-Instruct that the engine's are compared with.

    node examples/smollm2/fetchModel.ts
    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch==2.13.0 transformers==4.57.6 safetensors
    /tmp/venv/bin/python test/golden/smollm2/generate.py

The conversations are answered one by one, in float32, with the checkpoint's own chat template. `margin` is how far the
likeliest token was ahead of the second, at its least: far more than the rounding of sums in another order comes to.
"""

import hashlib
import json
import pathlib

import torch
import transformers

HERE = pathlib.Path(__file__).parent
MODEL = HERE.parents[2] / "examples" / "smollm2" / "model"
TOKENS = 64


def said(*contents, system=None):
    """Messages of a user and an assistant in turn, after a system prompt maybe."""
    turns = [dict(role="user" if at % 2 == 0 else "assistant", content=text) for at, text in enumerate(contents)]
    return [dict(role="system", content=system), *turns] if system is not None else turns


CONVERSATIONS = [
    said("What is the capital of France?"),
    said("Write a short poem about the sea."),
    said("Explain photosynthesis to a child in two sentences."),
    said("Answer in one word: is 17 a prime number?", system="You are a careful teacher of mathematics."),
    said(
        "My name is Ada and I like trains.",
        "Nice to meet you, Ada! Trains are great. What would you like to know about them?",
        "Suggest a name for my model railway.",
    ),
    said("Write a Python function that returns the sum of a list of numbers."),
    said("Übersetze ins Englische: „Der Hund schläft im Garten.“"),
    said(
        "I have 3 apples and buy 12 more.",
        "Then you have 15 apples.",
        "I give 5 of them away. How many are left?",
        system="You answer briefly.",
    ),
]


def answer(model, tokenizer, messages):
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=False)
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=TOKENS,
        output_logits=True,
        return_dict_in_generate=True,
    )
    best = torch.cat(out.logits).topk(2).values
    return dict(
        messages=messages,
        prompt=ids[0].tolist(),
        response=out.sequences[0, ids.shape[1] :].tolist(),
        margin=round((best[:, 0] - best[:, 1]).min().item(), 6),
    )


def main():
    torch.set_num_threads(1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        MODEL, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    weights = hashlib.sha256((MODEL / "model.safetensors").read_bytes()).hexdigest()
    with torch.no_grad():
        answers = [answer(model, tokenizer, messages) for messages in CONVERSATIONS]
    golden = dict(
        transformers=transformers.__version__, torch=torch.__version__, weights=weights, tokens=TOKENS, answers=answers
    )
    lines = [json.dumps(one, ensure_ascii=False) for one in golden.pop("answers")]
    head = json.dumps(golden, indent=1)[:-2]
    (HERE / "golden.json").write_text(f'{head},\n "answers": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n")
    for one in answers:
        print(one["margin"], len(one["response"]), tokenizer.decode(one["response"]))


main()
