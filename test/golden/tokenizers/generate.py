"""Makes golden.json: small tokenizers of every kind, and what Hugging Face's tokenizers makes of a torture set.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers==0.22.2
    /tmp/venv/bin/python test/golden/tokenizers/generate.py

Each tokenizer has the parts that one family's tokenizer.json has, and is trained on the text below, which is this
project's own. Lone surrogates are given to Python as U+FFFD, which is what they are in UTF-8.
"""

import base64
import json
import pathlib
import random
import struct
import sys

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = pathlib.Path(__file__).parent
CORPUS = [
    "The miller's mill stood by the river; the river ran past the mill, and nobody ran past the miller.",
    "We'll see what they've said: it isn't so. I'm sure you're right, she'd say, and he's wrong.",
    "One, two, three: 1 22 333 4444, 3.14, 1,000,000 and 2024-07-26. for (i = 0; i < n; i++) { sum += a[i]; }",
    "Über den Wolken weht ein Wind; größer ist die Straße, schöner das Haus. L'été où l'on naît, ça va, garçon.",
    "Река течёт мимо мельницы. Вечером в деревне тихо, и только ветер шумит.",
    "河水流过磨坊,人们在河边说话。今天天气很好。川は水車小屋のそばを流れ、ひとびとはカタカナで話す。",
    "물레방아 옆으로 강이 흐른다. النهر يجري بجانب الطاحونة. नदी चक्की के पास बहती है।",
    "  indented\n\tmore\n\n\nlines   and    spaces\r\nend  ",
    "hello hello world world, say hello to the world of small words",
] * 4
SPLIT_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLIT_QWEN = SPLIT_LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
SPLIT_O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
ALPHABET = pre_tokenizers.ByteLevel.alphabet()

TORTURE = [
    "",
    " ",
    "  ",
    "\n",
    "a",
    "Hello world",
    " Hello  world ",
    "The miller's mill stood by the river.",
    "we'LL they'VE it'S I'M you'Re she'D isn'T 'ſ 'K",
    "1 12 123 1234 12345 3.14 1,000 ½ ² Ⅷ ٣٤ ४५ 一二",
    "for (i = 0; i < n; i++) { a[i] += \"x\\n\"; } // done",
    "snake_case camelCase kebab-case UPPER Title HTTPServer",
    "größer Straße ÜBER İstanbul ΣΊΣΥΦΟΣ σοφός ΟΔΥΣΣΕΥΣ ﬁne ǅungla",
    "Река течёт мимо МЕЛЬНИЦЫ",
    "河水流过磨坊。𠀀𪚥 川は水車小屋のそばを流れる ｶﾀｶﾅ カタカナ",
    "물레방아 각 각 한국어",
    "النهر يجري بِجَانِبِ الطاحونة שָׁלוֹם",
    "नदी चक्की के पास क्षि ภาษาไทย นี่คือ தமிழ் ကမ္ဘာ",
    "é é ñ ñ Å Å Å q̣̇ q̣̇ ﷺ ㎏ ① ™",
    "🙂 👩‍👩‍👧‍👦 👍🏽 🇩🇪🇫🇷 ❤️ ☝🏿 🏴‍☠️ 1️⃣ \U0001fae8",
    "a\tb\nc\rd\r\ne\u000bf\u000cg\u0085h\u00a0i\u1680j\u2003k\u200bl\u2028m\u2029n\u202fo\u205fp\u3000q\ufeffr",
    "\u0000\u0001\u0007\u0008\u001b\u001f\u007f\u0080\u009f\u00ad",
    "\ufeffbom \u200d\u200c\u200e\u200f\u2060 zero \ufffd \ufffe \ue000 \U000f0000 \U0010ffff",
    "trailing space ",
    "trailing lines\n\n",
    "\n\n leading",
    "  \n  \t \n mixed   spaces\t\ttabs \r\n\r\n crlf",
    "a  b   c    d     e      f       g        h",
    "...!!! ?? --- ___ *** ``` ~~~ ¿¡ «» “” ‘’ … — – ‽ $€£¥ + = < > | ^ ° § ¶ ·",
    "it is . ok ? no ! yes , well ' x ' do n't I 'm he 's they 've we 're do not",
    "<s>hello</s>",
    "x<s> y </s>z <unk> <pad> [UNK] [CLS] [SEP] [MASK]",
    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start<|im_end|>|> <|im_end|><|im_end|>",
    "a<mask>b  <mask>  c\t<mask>\n<mask>",
    "wordy WORDY wordyx xwordy wordy. 'wordy' éwordy wordyé _wordy wordy1",
    "Größe groẞe GRÖSSE größe",
    "two words  two words twowords two  words",
    "<0x41><0x0A><0xE2> <0xZZ> <0x4> 0x41",
    "▁ ▁▁a ▁b▁ a▁b _▁_",
    "Ġ Ċ ĠĠ Â é ł ÿ Ā",
    "supercalifragilisticexpialidocious" * 4,
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
    "\ud800",
    "a\udfff b\ud83dc \ude42\ud83d d",
    "http://example.org/path?x=1&y=%20#frag me@example.org @user #tag C:\\dir",
    "hello" + "\u0301" * 40 + "lo",
    "x\u0338=\u0338 ≠ ḿ ṩ \u1e9b\u0323 ﬃ ﬅ ĳ Ǆ \u2126 \u212a \u2160 \u1100\u1161\u11a8 \uac00\u11a8",
    "ａｂｃ ＡＢＣ １２３ ！？ ～ 　 ＿ ｟",
    "\u0301leading mark and \u0300\u0301 marks",
    "quite the end\u0000",
]


def well_formed(text):
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def byte_bpe(split, size=420, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=ALPHABET, show_progress=False, special_tokens=["<|endoftext|>"])
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def split_then_bytes(pattern, behavior="isolated"):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def gpt2():
    tokenizer = byte_bpe(pre_tokenizers.ByteLevel(add_prefix_space=False))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def roberta():
    tokenizer = byte_bpe(pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.add_special_tokens(["<s>", "</s>", "<pad>", AddedToken("<mask>", lstrip=True, special=True)])
    ids = tokenizer.token_to_id
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", ids("</s>")), ("<s>", ids("<s>")))
    return tokenizer


def llama3():
    tokenizer = byte_bpe(split_then_bytes(SPLIT_LLAMA3), ignore_merges=True)
    tokenizer.add_special_tokens(["<s>", "<|im_start|>", "<|im_end|>"])
    template = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return tokenizer


def qwen():
    tokenizer = byte_bpe(split_then_bytes(SPLIT_QWEN))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens(["größe", AddedToken("two words", normalized=False)])
    return tokenizer


def smollm():
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer = byte_bpe(pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)]))
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>", "<mask>"])
    return tokenizer


def o200k():
    return byte_bpe(split_then_bytes(SPLIT_O200K, "removed").__class__([pre_tokenizers.Split(Regex(SPLIT_O200K), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]))


def deepseek():
    splits = [r"[\r\n]", r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-Ϋά-ԯ]+", r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$", r"[一-龥ࠀ-一가-퟿]+"]
    parts = [pre_tokenizers.Split(Regex(split), "isolated") for split in splits]
    parts += [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    return byte_bpe(pre_tokenizers.Sequence(parts))


def sentencepiece_bpe(fuse_unk=True):
    """A vocabulary as SentencePiece has it, from a BPE over text with marks for spaces."""
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split(Regex("▁*[^▁]+"), "isolated")
    trained.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=480, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False))
    state = json.loads(trained.to_str())["model"]
    names = ["<unk>", "<s>", "</s>", *BYTES, *[name for name, _ in sorted(state["vocab"].items(), key=lambda item: item[1])][3:]]
    names += [mark for mark in ("▁", "▁▁", "▁▁▁▁") if mark not in names]
    merges = [tuple(merge) for merge in state["merges"]] + [("▁", "▁"), ("▁▁", "▁▁")]
    vocab = {name: id for id, name in enumerate(names)}
    return models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=fuse_unk, byte_fallback=True)


def llama2():
    tokenizer = Tokenizer(sentencepiece_bpe())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in ("<unk>", "<s>", "</s>")])
    template = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.post_processor = template
    return tokenizer


def llama2_first():
    tokenizer = llama2()
    tokenizer.normalizer = None
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, rstrip=True, normalized=True)])
    return tokenizer


def gemma():
    tokenizer = Tokenizer(sentencepiece_bpe())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(["<s>", "</s>", "<pad>"])
    tokenizer.add_tokens([AddedToken("two words", normalized=True), AddedToken("\n\n", normalized=False)])
    return tokenizer


def plain_bpe():
    """Without bytes: unknown characters, prefix of continuing pieces, end of words."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["[UNK]"], continuing_subword_prefix="##", end_of_word_suffix="</w>", limit_alphabet=60, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def bert(lowercase=True):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=None if lowercase else False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=400, special_tokens=specials, show_progress=False))
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=lowercase)
    ids = tokenizer.token_to_id
    if lowercase:
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids("[SEP]")), ("[CLS]", ids("[CLS]")))
    else:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS]:0 $A:0 [SEP]:0", special_tokens=[(name, ids(name)) for name in ("[CLS]", "[SEP]")]
        )
    tokenizer.add_tokens([AddedToken("wordy", single_word=True)])
    return tokenizer


def charsmap(rules):
    """A table as SentencePiece compiles it: a double-array trie (Aoe 1989) of UTF-8 keys, then the replacements."""
    keys = sorted(rules)
    texts, places = b"", {}
    for key in keys:
        places[key] = len(texts)
        texts += rules[key].encode() + b"\0"
    trie = {}
    for key in keys:
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[None] = places[key]
    units, used = [0] * 2048, {0}

    def put(node, at):
        labels = [0 if byte is None else byte for byte in node]
        base = next(b for b in range(1, 1 << 20) if all((b ^ label) not in used for label in labels))
        used.update(base ^ label for label in labels)
        units.extend([0] * max(0, base + 300 - len(units)))
        units[at] |= (at ^ base) << 10
        if None in node:
            units[at] |= 1 << 8
            units[base] = node[None] | (1 << 31)
        for byte, child in node.items():
            if byte is not None:
                units[base ^ byte] |= byte
                put(child, base ^ byte)

    put(trie, 0)
    packed = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(packed)) + packed + texts


RULES = {
    **{"\t": " ", "\n": " ", "\r": " ", "\u00a0": " ", "\u3000": " ", "\u2003": " ", "\u200b": " ", "\ufeff": ""},
    **{"\u0001": "", "\u007f": "", "ﬁ": "fi", "ﬃ": "ffi", "™": "TM", "½": "1/2", "①": "1", "Ⅷ": "VIII", "㎏": "kg"},
    **{"é": "é", "ñ": "ñ", "Å": "Å", "Å": "Å", "ﷺ": "صلى الله عليه وسلم", "…": "...", "～": "~"},
    **{chr(0xFF21 + n): chr(65 + n) for n in range(26)},
    **{chr(0xFF41 + n): chr(97 + n) for n in range(26)},
}


def t5():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Precompiled(charsmap(RULES))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    trainer = trainers.UnigramTrainer(vocab_size=420, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.decoder = decoders.Metaspace()
    template = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", tokenizer.token_to_id("</s>"))])
    tokenizer.post_processor = template
    return tokenizer


def unigram_bytes():
    state = json.loads(t5().to_str())["model"]
    vocab = [tuple(piece) for piece in state["vocab"]] + [(name, 0.0) for name in BYTES]
    tokenizer = Tokenizer(models.Unigram(vocab, 2, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    tokenizer.add_special_tokens(["<pad>", "</s>", AddedToken("<mask>", lstrip=True, special=True)])
    return tokenizer


def word_level():
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(CORPUS, trainers.WordLevelTrainer(special_tokens=["<unk>", "<s>", "</s>"], show_progress=False))
    return tokenizer


def parts():
    """Pre-tokenizers that no family above has, behaviours of splits among them."""
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    return {
        "metaspace": pre_tokenizers.Metaspace("_", prepend_scheme="never"),
        "punctuation": pre_tokenizers.Punctuation("merged_with_previous"),
        "punctuationContiguous": pre_tokenizers.Punctuation("contiguous"),
        "digits": pre_tokenizers.Digits(),
        "delimiter": pre_tokenizers.CharDelimiterSplit("e"),
        "fixedLength": pre_tokenizers.FixedLength(3) if hasattr(pre_tokenizers, "FixedLength") else None,
        "next": pre_tokenizers.Split(Regex(r"\s"), "merged_with_next"),
        "previous": pre_tokenizers.Split(Regex(r"\p{Lu}"), "merged_with_previous"),
        "contiguous": pre_tokenizers.Split(Regex(r"[aeiou]"), "contiguous"),
        "inverted": pre_tokenizers.Split(Regex(r"\w+"), "isolated", invert=True),
        "invertedContiguous": pre_tokenizers.Split(Regex(r"\w"), "contiguous", invert=True),
        "text": pre_tokenizers.Split("l", "removed"),
        "empty": pre_tokenizers.Split(Regex(r"x*"), "isolated"),
        "atomic": pre_tokenizers.Split(Regex(r"(?>a|ab)c|z++z|\d{2,}+|(?i)ñ|É"), "isolated"),
        "classes": pre_tokenizers.Split(Regex(r"[[:upper:]&&[^A-M]]|[^\W\d_a-z]|[\p{Han}\p{^L}&&[^\s[:punct:]]]|\h{3}"), "isolated"),
        "anchors": pre_tokenizers.Split(Regex(r"^\S+|\S+$|\bt\w|\Bl\B"), "isolated"),
        "caseless": pre_tokenizers.Split(
            Regex(r"(?i)k(?-i:e)y|[r-v]+|(?-i:w)|\x{e9}|\p{Lu}\d|[^\W\d_[a-z]&&[^ñ]]{2}|'(?i:s|ll)"), "isolated"
        ),
        "lookbehind": pre_tokenizers.Split(Regex(r"(?<=\p{Ll})(?=\p{Lu})|(?<![a-z])o"), "isolated"),
    }


FAMILIES = {
    **{make.__name__: make for make in (gpt2, roberta, llama3, qwen, smollm, o200k, deepseek, llama2, llama2_first, gemma)},
    **{make.__name__: make for make in (plain_bpe, bert, t5, unigram_bytes, word_level)},
    "llama2_unfused": lambda: with_model(llama2(), sentencepiece_bpe(fuse_unk=False), drop=BYTES[:128]),
    "bert_cased": lambda: bert(lowercase=False),
}


def with_model(tokenizer, model, drop):
    """The model without some of its tokens, so that what falls back to them is unknown."""
    state = json.loads(tokenizer.to_str())
    names = [name for name, _ in sorted(state["model"]["vocab"].items(), key=lambda item: item[1]) if name not in drop]
    state["model"]["vocab"] = {name: id for id, name in enumerate(names)}
    state["model"]["fuse_unk"] = False
    return Tokenizer.from_str(json.dumps(state))


def strange_ids(tokenizer):
    """Ids that no text gives: every token with another behind it, cut characters, and ids beyond the vocabulary."""
    draw = random.Random(1)
    size = tokenizer.get_vocab_size()
    return [[draw.randrange(size) for _ in range(length)] for length in (1, 1, 1, 2, 3, 8, 30, 60)] + [[0, size, size + 5, 1]]


def golden(tokenizer):
    cases = []
    for text in TORTURE:
        given = well_formed(text)
        plain = tokenizer.encode(given, add_special_tokens=False).ids
        cases.append(
            {
                "ids": plain,
                "framed": tokenizer.encode(given).ids,
                "text": tokenizer.decode(plain, skip_special_tokens=True),
                "all": tokenizer.decode(plain, skip_special_tokens=False),
            }
        )
    strange = [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False)} for ids in strange_ids(tokenizer)]
    return {"tokenizer": json.loads(tokenizer.to_str()), "cases": cases, "strange": strange}


def cuts(pre_tokenizer):
    return {
        "settings": json.loads(pre_tokenizer.__getstate__()),
        "words": [[word for word, _ in pre_tokenizer.pre_tokenize_str(well_formed(text))] for text in TORTURE],
    }


if __name__ == "__main__":
    path = FOLDER / "golden.json"
    if sys.argv[1:] == ["--again"]:
        # Training breaks ties by chance: the tokenizers are those on file.
        known = json.loads(path.read_text())["families"]
        FAMILIES = {name: lambda name=name: Tokenizer.from_str(json.dumps(known[name]["tokenizer"])) for name in FAMILIES}
    contents = {
        "version": tokenizers.__version__,
        "texts": TORTURE,
        "families": {name: golden(make()) for name, make in FAMILIES.items()},
        "parts": {name: cuts(part) for name, part in parts().items() if part is not None},
    }
    path.write_text(json.dumps(contents, separators=(",", ":")) + "\n")
