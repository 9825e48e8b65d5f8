"""Writes golden.json: what FastChat's own show_result says of judgments.jsonl, which is ours.

Needs: pip install pandas, and pip install --no-deps fschat==0.2.36.
Run:   node test/golden/fastchat/write.ts && python test/golden/fastchat/generate.py
"""

import json
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def shown(*mode: str) -> dict:
    """Rows of the table that show_result prints, by model."""
    command = [sys.executable, "-m", "fastchat.llm_judge.show_result", "--input-file", str(FOLDER / "judgments.jsonl"), *mode]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    header = next(at for at, line in enumerate(out) if line.split()[:1] == ["win"])
    columns = out[header].split()
    rows = [line.split() for line in out[header + 2 :] if line.strip()]
    return {name: dict(zip(columns, map(float, values))) for name, *values in rows}


golden = {
    "fschat": "0.2.36",
    "pairwise-baseline": shown("--mode", "pairwise-baseline", "--baseline-model", "ppo"),
    "pairwise-all": shown("--mode", "pairwise-all"),
}
(FOLDER / "golden.json").write_text(json.dumps(golden, indent=2) + "\n")
