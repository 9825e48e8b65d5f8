"""Opens with transformers the checkpoints that write.ts made, and compares logits, scores and tokens.

    node test/golden/models/write.ts /tmp/written
    /tmp/venv/bin/python test/golden/models/load.py /tmp/written

Recorded in written.json: the files that were loaded, by their SHA-256, and the largest difference per model, for every
version of transformers that these files were loaded with. written.test.ts compares what is saved now with these files.
"""

import hashlib
import json
import pathlib
import sys

import torch
import transformers
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

# Both sides compute in float32 and add in different orders; logits reach about 5.
TOLERANCE = 1e-5

# Version 5 takes Qwen 2's own tokenizer for every qwen2 folder, also where, as here, the folder names another class.
OWN_TOKENIZER = {"qwen2"}


def difference(folder):
    expected = json.loads((folder / "expected.json").read_text())
    tokenizer_class = PreTrainedTokenizerFast if folder.name in OWN_TOKENIZER else AutoTokenizer
    ids = tokenizer_class.from_pretrained(folder)(expected["text"], return_tensors="pt").input_ids
    assert ids[0].tolist() == expected["ids"], f"{folder.name}: other token ids"
    with torch.no_grad():
        if "score" in expected:
            model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
            return (model(ids).logits.flatten() - expected["score"]).abs().max().item()
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        return (model(ids).logits.flatten() - torch.tensor(expected["logits"])).abs().max().item()


def digest(folder):
    """SHA-256 of all files of a checkpoint, with their names and sizes."""
    sha256 = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.name == "expected.json":
            continue
        content = path.read_bytes()
        sha256.update(f"{path.name} {len(content)}\n".encode() + content)
    return sha256.hexdigest()


if __name__ == "__main__":
    torch.set_num_threads(1)
    folders = sorted(path for path in pathlib.Path(sys.argv[1]).iterdir() if path.is_dir())
    differences = {folder.name: difference(folder) for folder in folders}
    record = pathlib.Path(__file__).parent / "written.json"
    files = {folder.name: digest(folder) for folder in folders}
    known = json.loads(record.read_text())
    # Other files have not been seen by the versions before.
    runs = known["differences"] if known.get("files") == files else {}
    runs[f"transformers {transformers.__version__}, torch {torch.__version__}"] = differences
    assert max(differences.values()) < TOLERANCE, differences
    record.write_text(json.dumps({"files": files, "differences": runs}, indent=2, sort_keys=True) + "\n")
    print(record.read_text())
