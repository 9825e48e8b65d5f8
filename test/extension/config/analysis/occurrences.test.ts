import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { applied } from "../../../../extension/config/analysis/edits.ts";
import { pathLinks } from "../../../../extension/config/analysis/links.ts";
import { modelsOf, nameProblem } from "../../../../extension/config/analysis/models.ts";
import {
  occurrenceAt,
  occurrencesOf,
  originOf,
  renameable,
  renameChanges,
} from "../../../../extension/config/analysis/occurrences.ts";
import { readTree } from "../../../../extension/config/analysis/tree.ts";
import { DATA, findingsIn, TASK } from "./configs.ts";

const DEMO = new URL("../../../../examples/miniinstruct/demo.salsa.json", import.meta.url);

describe("names in the demo", () => {
  let text: string;
  before(async () => (text = await readFile(DEMO, "utf8")));

  it("are found where they are given and wherever they are used", () => {
    const found = occurrencesOf(readTree(text), { kind: "model", name: "soup" });
    assert.equal(found.length, 3); // the key, salsa's reference, a pair
    assert.deepEqual(
      found.map(({ isGiven }) => isGiven),
      [true, false, false],
    );
    for (const { span } of found) assert.equal(text.slice(span.start, span.end), "soup");
  });

  it("lead to their key, to their seed or to the base model", () => {
    const tree = readTree(text);
    const origin = (name: string): string => {
      const span = originOf(tree, { kind: "model", name });
      return span === undefined ? "" : text.slice(span.start, span.end);
    };
    assert.deepEqual(["soup3", "mkl", "sft-2", "base", "sft-9"].map(origin), ["soup3", "mkl", "2", '"model"', '"sft"']);
  });

  it("can be changed everywhere, after which the config is right still", () => {
    const tree = readTree(text);
    const name = renameable(tree, text.indexOf('"soup"') + 2);
    assert.ok(name !== undefined);
    const renamed = applied(text, renameChanges(tree, name, "average"));
    assert.deepEqual(findingsIn(renamed), []);
    assert.equal(occurrencesOf(readTree(renamed), { kind: "model", name: "soup" }).length, 0);
  });

  it("of SFTs cannot be changed, since they come from seeds", () => {
    assert.equal(renameable(readTree(text), text.indexOf('"sft-1"') + 2), undefined);
    assert.equal(occurrenceAt(readTree(text), text.indexOf('"sft-1"') + 2)?.name, "sft-1");
  });

  it("are also those of servers' models", () => {
    const server = '{ "model": "m", "baseUrl": "http://127.0.0.1:8000/v1" }';
    const config = `{ "task": { "name": "miniinstruct" }, "evaluation": { "contestants": { "gpt": ${server} }, "pairs": [["salsa", "gpt"]] } }`;
    const tree = readTree(config);
    const found = occurrencesOf(tree, { kind: "model", name: "gpt" });
    assert.deepEqual(
      found.map(({ isGiven }) => isGiven),
      [true, false],
    );
    assert.equal(modelsOf(JSON.parse(config)).describe("gpt"), "a model of a server");
    const answers = config.replace(server, '{ "answers": "gpt.jsonl" }');
    assert.equal(modelsOf(JSON.parse(answers)).describe("gpt"), "a file of answers");
    assert.match(nameProblem(JSON.parse(config), "gpt", { kind: "model", name: "salsa" }) ?? "", /already taken/);
    const [given] = found;
    assert.ok(given !== undefined);
    const renamed = applied(config, renameChanges(tree, given, "rival"));
    assert.deepEqual(findingsIn(renamed), []);
  });

  it("are no settings' keys", () => {
    assert.equal(occurrenceAt(readTree(text), text.indexOf('"rlhf"') + 2), undefined);
  });
});

describe("nameProblem", () => {
  const value = readTree(`{ ${TASK} }`).value;
  for (const [name, problem] of [
    ["good-name.2", undefined],
    ["ppo", undefined],
    ["a b", /letters, digits/],
    ["", /letters, digits/],
    ["salsa", /already taken/],
    ["reward", /already taken/],
  ] as const) {
    it(`${problem === undefined ? "lets ppo be named" : "does not let ppo be named"} ${JSON.stringify(name)}`, () => {
      const found = nameProblem(value, name, { kind: "model", name: "ppo" });
      if (problem === undefined) assert.equal(found, undefined);
      else assert.match(found ?? "", problem);
    });
  }
});

describe("pathLinks", () => {
  it("finds those of sources with settings, and takes nothing on the hub for a file", () => {
    const text =
      '{ "data": { "sft": { "from": "a.jsonl" }, "prompts": "hf:o/n", "preferences": { "from": "hf:o/n@x" } } }';
    assert.deepEqual(
      pathLinks(readTree(text)).map(({ path }) => path),
      ["a.jsonl"],
    );
  });

  it("finds the checkpoint and every data file, without quotes", () => {
    const text = `{ ${DATA.replace('"c.jsonl" }', '"c.jsonl", "benchmarks": { "t": "d.jsonl" } }')} }`;
    const links = pathLinks(readTree(text));
    assert.deepEqual(
      links.map(({ path, wants }) => [path, wants]),
      [
        ["m", "folder"],
        ["a.jsonl", "file"],
        ["b.jsonl", "file"],
        ["c.jsonl", "file"],
        ["d.jsonl", "file"],
      ],
    );
    for (const { span, path } of links) assert.equal(text.slice(span.start, span.end), path);
  });
});
