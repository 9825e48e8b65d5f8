import assert from "node:assert/strict";
import { parseConfig } from "../../../engine/config/index.ts";
import { ConfigError } from "../../../engine/protocol/errors.ts";
import { ownConfig } from "../../../engine/config/templates.ts";
import { type SeenFile, rolesOf } from "../../../engine/config/ownFiles.ts";

const seen = (path: string, ...columns: readonly string[]): SeenFile => ({ path, columns });

describe("data of a workspace", () => {
  it("is sorted by its columns: conversations, pairs, prompts, and prompts to compare on", () => {
    const files = [
      seen("b/chat.jsonl", "messages"),
      seen("b/pairs.parquet", "prompt", "chosen", "rejected", "messages"),
      seen("b/eval.jsonl", "prompt"),
      seen("b/a.jsonl", "prompt", "id"),
      seen("package.json", "name", "version"),
    ];
    assert.deepEqual(rolesOf(files, ["models/two/deep", "models/one"]), {
      checkpoint: "models/one",
      sft: "b/chat.jsonl",
      preferences: "b/pairs.parquet",
      prompts: "b/a.jsonl",
      benchmark: "b/eval.jsonl",
    });
  });

  it("has one role a file, and by its name the one of several that is meant", () => {
    const files = [
      seen("a.jsonl", "prompt", "response"),
      seen("sft.jsonl", "instruction", "output"),
      seen("only.jsonl", "prompt"),
    ];
    assert.deepEqual(rolesOf(files, []), { sft: "sft.jsonl", prompts: "only.jsonl" });
    assert.deepEqual(rolesOf([seen("test.jsonl", "prompt")], []), { benchmark: "test.jsonl" });
    assert.deepEqual(rolesOf([], []), {});
  });
});

describe("a new config for a model of one's own", () => {
  it("names what was found, and runs with it as it is", () => {
    const found = { checkpoint: "m", sft: "s.jsonl", preferences: "p.jsonl", prompts: "q.jsonl", benchmark: "t.jsonl" };
    const { text, start, end } = ownConfig("mine", found);
    const asked: string[] = [];
    const config = parseConfig(text, "/w/x.salsa.json", { exists: (path) => asked.push(path) > 0 });
    assert.equal(text.slice(start, end), "mine");
    const files = ["/w/m", "/w/m/config.json", "/w/p.jsonl", "/w/q.jsonl", "/w/s.jsonl", "/w/t.jsonl"];
    assert.deepEqual(asked.toSorted(), files);
    assert.deepEqual(Object.keys(config.arms), ["ppo", "salsa"]);
  });

  it("selects the first that was not found; nothing but such files is wrong with it", () => {
    const { text, start, end } = ownConfig("mine", { checkpoint: "m", sft: 'a "b".jsonl' });
    assert.equal(text.slice(start, end), "data/preferences.jsonl");
    assert.throws(
      () => parseConfig(text, "/w/x.salsa.json", { exists: () => false }),
      (error) =>
        error instanceof ConfigError && error.issues.every(({ message }) => message.startsWith("there is no ")),
    );
    assert.ok(text.split("\n").every((line) => line.length <= 100));
  });
});
