"""Makes tokenizer/ and its golden encodings, to compare engine/text with Hugging Face's own tokenizers.

    /tmp/venv/bin/pip install tokenizers==0.23.3
    /tmp/venv/bin/python test/golden/models/tokenizer.py

A byte-level BPE of 300 tokens in the manner of Llama 3: a begin-of-text token is put in front, no padding token.
"""

import json
import pathlib

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
import tokenizers

FOLDER = pathlib.Path(__file__).parent / "tokenizer"
CORPUS = ["The quick brown fox jumps over the lazy dog.", "the soup of the day is soup", "Reverse these words: one two"]
TEXTS = ["the soup", " The lazy fox jumps!", "naïve café — 数", "one\ntwo  three", "a<|end|>b"]

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
specials = ["<|begin|>", "<|end|>"]
alphabet = pre_tokenizers.ByteLevel.alphabet()
tokenizer.train_from_iterator(
    CORPUS, trainers.BpeTrainer(vocab_size=300, special_tokens=specials, initial_alphabet=alphabet, show_progress=False)
)
tokenizer.post_processor = processors.TemplateProcessing(
    single="<|begin|> $A", special_tokens=[("<|begin|>", tokenizer.token_to_id("<|begin|>"))]
)
FOLDER.mkdir(exist_ok=True)
tokenizer.save(str(FOLDER / "tokenizer.json"), pretty=False)
settings = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<|begin|>",
    "eos_token": {"content": "<|end|>", "special": True},
    "clean_up_tokenization_spaces": False,
}
(FOLDER / "tokenizer_config.json").write_text(json.dumps(settings) + "\n")
golden = {
    "versions": {"tokenizers": tokenizers.__version__},
    "cases": [
        {
            "text": text,
            "ids": tokenizer.encode(text, add_special_tokens=False).ids,
            "start": tokenizer.encode(text).ids,
            "decoded": tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=True),
        }
        for text in TEXTS
    ],
}
(FOLDER / "golden.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")
