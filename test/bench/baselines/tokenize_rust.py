"""How fast Hugging Face's tokenizers is on a file of text, on one thread; see ../tokenize.ts.

    python tokenize_rust.py FOLDER FILE
"""

import os
import sys
import time

os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import Tokenizer, __version__

# UTF-16 units of a piece, and pieces of a call.
PIECE, BATCH = 4096, 256


def main(folder, file):
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    with open(file, encoding="utf-8", newline="") as opened:
        text = opened.read()
    units = text.encode("utf-16-le")
    pieces = [units[at : at + 2 * PIECE].decode("utf-16-le", "replace") for at in range(0, len(units), 2 * PIECE)]
    seconds, tokens, value = 0.0, 0, 0
    for at in range(0, len(pieces), BATCH):
        before = time.process_time()
        encoded = tokenizer.encode_batch_fast(pieces[at : at + BATCH], add_special_tokens=False)
        seconds += time.process_time() - before
        for one in encoded:
            tokens += len(one.ids)
            for token in one.ids:
                value = (value * 31 + token) & 0xFFFFFFFF
    rate = len(text.encode()) / 1e6 / seconds
    print(f"tokenizers {__version__}: {tokens} tokens, hash {value}, {seconds:.1f} s, {rate:.2f} MB/s")


main(*sys.argv[1:])
