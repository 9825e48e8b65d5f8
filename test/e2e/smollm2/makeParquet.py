"""Writes the example's conversations, pairs and prompts as Parquet, as the hub keeps data sets.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pyarrow
    /tmp/venv/bin/python test/e2e/smollm2/makeParquet.py
"""

import json
import pathlib

import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
DATA = HERE.parents[2] / "examples" / "smollm2" / "data"

for name in ("conversations", "pairs", "prompts"):
    rows = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), HERE / f"{name}.parquet", compression="zstd")
