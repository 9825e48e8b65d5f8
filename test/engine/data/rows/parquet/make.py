"""Writes the Parquet files of the tests, as pyarrow, and so the hub's data sets, have them. Run it in this folder."""

import datetime
import decimal

import pyarrow as pa
import pyarrow.parquet as pq

turn = pa.struct([("content", pa.string()), ("role", pa.string())])
chat = [
    [{"content": f"What is {n}?", "role": "user"}, {"content": f"It is {n}. Ümlaut 🙂", "role": "assistant"}]
    for n in range(25)
]
ultrachat = pa.table(
    {
        "prompt": pa.array([turns[0]["content"] for turns in chat]),
        "prompt_id": pa.array([f"id-{n}" for n in range(25)]),
        "messages": pa.array(chat, pa.list_(turn)),
    }
)
for codec in ("snappy", "zstd", "gzip", "brotli", "none"):
    pq.write_table(ultrachat, f"ultrachat-{codec}.parquet", compression=codec, row_group_size=10)
pq.write_table(ultrachat, "ultrachat-v2.parquet", row_group_size=10, data_page_version="2.0", data_page_size=64)
pq.write_table(ultrachat, "ultrachat-lz4.parquet", compression="lz4", row_group_size=10)
pq.write_table(
    ultrachat, "ultrachat-delta.parquet", use_dictionary=False, column_encoding={"prompt": "DELTA_BYTE_ARRAY"}
)

# Everything at once that is no text: what a prompt column is not.
surprises = pa.table(
    {
        "whole": pa.array([1, 2**60, None], pa.int64()),
        "share": pa.array([0.5, float("nan"), None], pa.float64()),
        "time": pa.array([datetime.datetime(2024, 1, 2, 3, 4, 5), None, None], pa.timestamp("us")),
        "price": pa.array([decimal.Decimal("1.50"), None, None], pa.decimal128(10, 2)),
        "bytes": pa.array([b"\x00\xff", None, b""], pa.binary()),
        "map": pa.array([[("a", "b")], None, []], pa.map_(pa.string(), pa.string())),
        "columns": pa.array(
            [{"role": ["user", "assistant"], "content": ["hi", "ho"]}, None, {"role": [], "content": None}],
            pa.struct([("role", pa.list_(pa.string())), ("content", pa.list_(pa.string()))]),
        ),
        "deep": pa.array([[[["a"], []], None], [], None], pa.list_(pa.list_(pa.list_(pa.string())))),
        "__proto__": pa.array(["x", "y", None]),
    }
)
pq.write_table(surprises, "surprises.parquet")
pq.write_table(ultrachat.slice(0, 0), "empty.parquet")
