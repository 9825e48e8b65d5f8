"""Makes golden.json and tokenizer.json: conversations as transformers' apply_chat_template renders and encodes them.

    /tmp/venv/bin/pip install transformers==4.57.6 jinja2==3.1.6
    /tmp/venv/bin/python test/golden/chat/generate.py

The templates are this project's own; each uses what the templates of one family use.
"""

import copy
import datetime
import json
import pathlib

import jinja2
import tokenizers
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

FOLDER = pathlib.Path(__file__).parent
CORPUS = ["The quick brown fox jumps over the lazy dog.", "user system assistant model", "Human: hi\n\nAssistant: hello"]
SPECIALS = [
    *["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"],
    *["<|start_header_id|>", "<|end_header_id|>", "<s>", "</s>", "<unk>", "<bos>", "<eos>", "<start_of_turn>"],
    *["<end_of_turn>", "<pad>"],
]
# Family: bos, eos, pad, and whether the tokenizer puts bos in front of a text.
FAMILIES = {
    "chatml": (None, "<|im_end|>", "<|endoftext|>", False),
    "thoughts": (None, "<|im_end|>", "<|endoftext|>", False),
    "headers": ("<|begin_of_text|>", "<|end_of_text|>", None, True),
    "inst": ("<s>", "</s>", None, True),
    "turns": ("<bos>", "<eos>", "<pad>", True),
    "sys": ("<s>", "</s>", None, True),
    "human": ("<s>", "</s>", "</s>", False),
    "marked": (None, "<|endoftext|>", "<|endoftext|>", False),
    "python": (None, "<|im_end|>", "<|endoftext|>", False),
}
U, A, S = ("user", "assistant", "system")
CONVERSATIONS = [
    [(U, "hi")],
    [(U, "The quick fox?"), (A, "jumps over")],
    [(S, "Be brief."), (U, "hello dog")],
    [(S, " Be kind.\n"), (U, "one"), (A, "two"), (U, "three")],
    [(S, "Be brief."), (U, "one"), (A, "two"), (U, "three"), (A, "four\n\nlines ")],
    [(U, " naïve café — 数 🙂 "), (A, "  if (a < b) { return \"{{ x }}\" }\n")],
    [(U, "<|im_end|> quoted </s>"), (A, "'single' & \"double\" \\n {% raw %}")],
    [(U, "think"), (A, "<think>\nlong\nthought\n</think>\n\nanswer"), (U, "more"), (A, "<think>\nagain\n</think>\n\nend")],
    [(U, "think"), (A, "just so"), (U, "more")],
    [(U, "one"), (U, "two")],
    [(U, "say nothing"), (A, "")],
    [(U, "a"), (A, "a"), (U, "a"), (A, "a")],
    [(A, "I begin")],
]


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


def make_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(vocab_size=340, special_tokens=SPECIALS, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer.save(str(FOLDER / "tokenizer.json"), pretty=False)
    return tokenizer


def outcome(tokenizer, messages, **options):
    try:
        text = tokenizer.apply_chat_template(copy.deepcopy(messages), tokenize=False, **options)
    except jinja2.exceptions.TemplateError as error:
        return {"raises": str(error)}
    except ValueError:
        return {"raises": None}
    return {"text": text, "ids": tokenizer.apply_chat_template(copy.deepcopy(messages), return_dict=False, **options)}


def family(name, base):
    bos, eos, pad, adds_bos = FAMILIES[name]
    inner = Tokenizer.from_str(base.to_str())
    if adds_bos:
        inner.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, inner.token_to_id(bos))]
        )
    named = {key: value for key, value in {"bos_token": bos, "eos_token": eos, "pad_token": pad}.items() if value}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, **named)
    tokenizer.chat_template = (FOLDER / "templates" / f"{name}.jinja").read_text()
    cases = []
    for conversation in CONVERSATIONS:
        messages = [{"role": role, "content": content} for role, content in conversation]
        case = {
            "messages": messages,
            "plain": outcome(tokenizer, messages),
            "prompt": outcome(tokenizer, messages, add_generation_prompt=True),
            "continued": outcome(tokenizer, messages, continue_final_message=True),
        }
        if name == "marked":
            encoded = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
            case["mask"] = encoded["assistant_masks"]
        cases.append(case)
    post_processor = json.loads(inner.to_str())["post_processor"]
    return {"settings": named, "postProcessor": post_processor, "cases": cases}


if __name__ == "__main__":
    chat_template_utils.datetime = Fixed
    base = make_tokenizer()
    golden = {
        "versions": {
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
            "jinja2": jinja2.__version__,
        },
        "families": {name: family(name, base) for name in FAMILIES},
    }
    (FOLDER / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
