import assert from "node:assert/strict";
import { isConfigName, isDataName, isSurelyData } from "../../../engine/config/paths.ts";
import { readCalled } from "../../../extension/commands/called.ts";
import type { RunsItem } from "../../../extension/salsa.ts";

const file = (path: string): object => ({ scheme: "file", fsPath: path, path, toString: () => `file://${path}` });

describe("what a command was called on", () => {
  it("is nothing from the palette", () => {
    assert.deepEqual(readCalled([]), { folders: [], files: [], models: [] });
    assert.deepEqual(readCalled([undefined, undefined]), { folders: [], files: [], models: [] });
  });

  it("is the folder that the dashboard passes", () => {
    assert.deepEqual(readCalled(["/w/.salsa/runs/a"]).folders, ["/w/.salsa/runs/a"]);
  });

  it("is the item that was clicked, then the others that are selected, each once", () => {
    const items = ["b", "a", "c"].map((id): RunsItem => ({ kind: "run", folder: `/runs/${id}` }));
    const [b, a, c] = items;
    assert.deepEqual(readCalled([a, [b, a, c]]).folders, ["/runs/a", "/runs/b", "/runs/c"]);
  });

  it("is the file of an editor, whatever the editor passes along", () => {
    const config = file("/w/demo.salsa.json");
    assert.deepEqual(readCalled([config, { groupId: 1 }]).files, [config]);
  });

  it("is all folders that are selected in the explorer, each once", () => {
    const [a, b] = [file("/w/a"), file("/w/b")];
    assert.deepEqual(readCalled([a, [file("/w/a"), b]]).files, [a, b]);
  });

  it("is the file of a config in the Runs view, and not a run", () => {
    const uri = file("/w/demo.salsa.json") as NonNullable<RunsItem["uri"]>;
    const called = readCalled([{ kind: "config", uri, folder: "/runs/a" } satisfies RunsItem]);
    assert.deepEqual(called, { folders: [], files: [uri], models: [] });
  });

  it("is the checkpoint of a model, and the run that it belongs to", () => {
    const item: RunsItem = { kind: "model", folder: "/runs/a", model: "/artifacts/sft-1" };
    assert.deepEqual(readCalled([item]), { folders: ["/runs/a"], files: [], models: ["/artifacts/sft-1"] });
  });
});

describe("a config's name", () => {
  it("ends in .salsa.json or .salsa.jsonc", () => {
    assert.deepEqual(["/a.salsa.json", "/a.salsa.jsonc", "/a.json", "/a.salsa.json.md"].map(isConfigName), [
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("a data file", () => {
  it("is known by its name, and is no config", () => {
    for (const name of ["a.jsonl", "a.NDJSON", "a.json", "a.parquet", "/w/a.json.gz", "b.jsonl.gz"])
      assert.ok(isDataName(name), name);
    for (const name of ["a.salsa.json", "a.salsa.jsonc", "a.jsonl.bak", "a.gz", "json"])
      assert.ok(!isDataName(name), name);
  });

  it("is nothing else for sure unless it is mere JSON", () => {
    assert.deepEqual(["a.json", "a.json.gz", "a.jsonl", "a.parquet"].map(isSurelyData), [false, true, true, true]);
  });
});
