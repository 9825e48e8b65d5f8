"""Makes two published reward models and golden.json: what transformers' classifier says of whole conversations.

    /tmp/venv/bin/pip install torch==2.13.0 transformers==4.57.6 safetensors
    /tmp/venv/bin/python test/golden/rewards/generate.py

`padded` has a padding token of its own; in `ended`, padding is the token that ends a turn, so that transformers, which
looks for the last token that is no padding, reads the score before it. Both render by chat templates of their own, with
the tokenizer of ../chat. Scores come from one batch, padded on the right, and singly; they are the same.
"""

import json
import pathlib

import torch
import transformers
from transformers import PreTrainedTokenizerFast

HERE = pathlib.Path(__file__).parent
CHAT = HERE.parent / "chat"
# Conversations end with the token that ends a turn.
CLOSED = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>{% endfor %}"
# Template, and the tokens of the tokenizer.
MODELS = {
    "padded": ((CHAT / "templates/turns.jinja").read_text(), {"bos_token": "<bos>", "eos_token": "<end_of_turn>", "pad_token": "<pad>"}),
    "ended": (CLOSED, {"eos_token": "<|im_end|>", "pad_token": "<|im_end|>"}),
}
ANSWERS = [
    ("Hello, who are you?", "A fox."),
    ("hi", "The quick brown fox jumps over the lazy dog."),
    ("Say nothing", "x"),
]


def golden(name, seed):
    template, named = MODELS[name]
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(CHAT / "tokenizer.json"), **named)
    tokenizer.chat_template = template
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=128,
        initializer_range=0.3,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        num_labels=1,
    )
    model = transformers.LlamaForSequenceClassification(config).eval()
    model.save_pretrained(HERE / name)
    tokenizer.save_pretrained(HERE / name)
    turns = [
        [{"role": "user", "content": question}, {"role": "assistant", "content": answer}] for question, answer in ANSWERS
    ]
    ids = [tokenizer.apply_chat_template(messages, return_dict=False) for messages in turns]
    tokenizer.padding_side = "right"
    with torch.no_grad():
        batch = model(**tokenizer.pad({"input_ids": ids}, return_tensors="pt")).logits[:, 0]
        single = torch.stack([model(input_ids=torch.tensor([one])).logits[0, 0] for one in ids])
    assert torch.allclose(batch, single, atol=1e-5), (batch, single)
    # Read at the very last token, the scores would be others: the golden values tell the two apart.
    with torch.no_grad():
        states = [model.model(input_ids=torch.tensor([one])).last_hidden_state[0, -1] for one in ids]
        last = [model.score(state).item() for state in states]
    return {"ids": ids, "scores": batch.tolist(), "atLast": last}


def main():
    torch.set_num_threads(1)
    models = {name: golden(name, seed) for seed, name in enumerate(MODELS, 1)}
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    result = {"versions": versions, "answers": ANSWERS, "models": models}
    (HERE / "golden.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
