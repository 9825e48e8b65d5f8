"""Makes padding.json: the rows of the input embedding that a training step of transformers moves.

    /tmp/venv/bin/python test/golden/models/padding.py

The pico Llama pads with its end-of-text token, which stands within the sequence, too, as it does between the turns of a
conversation. `padding_idx` keeps its row of the input embedding as it is; ours is trained like any other.
"""

import json
import pathlib

import torch
import transformers

HERE = pathlib.Path(__file__).parent
SEQUENCE = [5, 17, 2, 9, 30, 17, 2]

if __name__ == "__main__":
    model = transformers.AutoModelForCausalLM.from_pretrained(HERE / "llama", dtype=torch.float32)
    embedding = model.get_input_embeddings()
    before = embedding.weight.detach().clone()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    ids = torch.tensor([SEQUENCE])
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    moved = (embedding.weight.detach() != before).any(dim=1).nonzero()[:, 0].tolist()
    result = {"pad": embedding.padding_idx, "sequence": SEQUENCE, "moved": moved}
    (HERE / "padding.json").write_text(json.dumps(result) + "\n")
