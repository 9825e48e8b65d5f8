import assert from "node:assert/strict";
import { completionContext } from "../../../../extension/config/analysis/completions.ts";
import type { CompletionContext } from "../../../../extension/config/analysis/completions.ts";
import { readTree } from "../../../../extension/config/analysis/tree.ts";
import { caret, DATA, TASK } from "./configs.ts";

const SOUPS = '"soups": { "mix": { "method": "linear", "of": ["sft-1", "sft-2"], "alpha": 0.3 } }';

function at(marked: string): { readonly context: CompletionContext | undefined; readonly replaced: string } {
  const { text, offset } = caret(marked);
  const context = completionContext(readTree(text), offset);
  return { context, replaced: context === undefined ? "" : text.slice(context.span.start, context.span.end) };
}

function namesAt(marked: string): string[] {
  const { context } = at(marked);
  return context?.kind === "names" ? context.names.map(({ name }) => name) : [];
}

describe("completionContext", () => {
  for (const [what, line, names] of [
    ["references of an arm", '"arms": { "a": { "reference": "|" } }', ["base", "sft-1", "sft-2", "mix"]],
    ["a start", '"rlhf": { "init": "s|f" }', ["base", "sft-1", "sft-2", "mix"]],
    ["further references of a list", '"rlhf": { "reference": ["mix", "|"] }', ["base", "sft-1", "sft-2"]],
    ["ingredients", '"soups": { "x": { "method": "uniform", "of": ["base", |] } }', ["sft-1", "sft-2"]],
    ["the reward model's start", '"reward": { "init": "|" }', ["base", "sft-1", "sft-2"]],
    ["the other of a pair", '"evaluation": { "pairs": [["ppo", "|"]] }', ["base", "sft-1", "sft-2", "mix", "salsa"]],
    ["benchmarks of the task", '"evaluation": { "benchmarks": ["|"] }', ["inDistribution", "outOfDistribution"]],
  ] as const) {
    it(`names ${what}`, () => {
      const soups = line.startsWith('"soups"') ? "" : `, ${SOUPS}`;
      assert.deepEqual(namesAt(`{ ${TASK}${soups}, ${line} }`), names);
    });
  }

  it("names arms that are written, with what they are", () => {
    const { context } = at(
      `{ ${TASK}, ${SOUPS}, "arms": { "x": { "reference": "mix" } }, "evaluation": { "pairs": [["|"]] } }`,
    );
    assert.ok(context?.kind === "names");
    const details = Object.fromEntries(context.names.map(({ name, detail }) => [name, detail]));
    assert.deepEqual(details, {
      base: "the base model",
      "sft-1": "SFT with seed 1",
      "sft-2": "SFT with seed 2",
      mix: "soup: linear of sft-1, sft-2, α 0.3",
      x: "arm: SALSA from sft-1, held to mix, β 0.2",
    });
  });

  it("names what a preset brings", () => {
    assert.ok(namesAt('{ "preset": "miniinstruct", "rlhf": { "reference": "|" } }').includes("soup3"));
  });

  it("names benchmarks of one's own data", () => {
    const data = DATA.replace('"c.jsonl" }', '"c.jsonl", "benchmarks": { "held-out": "d.jsonl" } }');
    assert.deepEqual(namesAt(`{ ${data}, "evaluation": { "benchmarks": ["|"] } }`), ["held-out"]);
  });

  it("replaces the whole string, also where its closing quote is not written yet", () => {
    assert.equal(at(`{ ${TASK}, "rlhf": { "init": "sf|t-9" } }`).replaced, '"sft-9"');
    assert.equal(at(`{ ${TASK}, "rlhf": { "init": "sf|, \n "gamma": 1 } }`).replaced, '"sf');
    assert.equal(at(`{ ${TASK}, "rlhf": { "init": | } }`).replaced, "");
  });

  for (const [what, text] of [
    ["a key", '{ "rlhf": { "ini|t": "base" } }'],
    ["a value after it is complete", '{ "rlhf": { "init": "base"| } }'],
    ["a comma's place", '{ "rlhf": { "init": "base" | } }'],
    ["a number", '{ "rlhf": { "gamma": 1| } }'],
    ["the schema's own words", '{ "rlhf": { "klKind": "|" } }'],
  ] as const) {
    it(`has nothing to add for ${what}`, () => {
      assert.equal(at(text).context, undefined);
    });
  }

  it("completes the last part of a path, in the folder before it", () => {
    const { context, replaced } = at('{ "data": { "sft": "../data/tr|ain.jsonl" } }');
    assert.ok(context?.kind === "path");
    assert.deepEqual(
      [context.folder, context.wants, context.isQuoted, replaced],
      ["../data/", "file", true, "train.jsonl"],
    );
  });

  it("completes folders for a checkpoint, in the config's folder at first", () => {
    const { context, replaced } = at('{ "model": { "checkpoint": | } }');
    assert.ok(context?.kind === "path");
    assert.deepEqual([context.folder, context.wants, context.isQuoted, replaced], ["", "folder", false, ""]);
  });

  const SOURCE = '"data": { "sft": { "from": "a.jsonl", "split": "train", "columns": ';

  for (const [what, text, keys, hasValue] of [
    ["in an empty map", `{ ${SOURCE}{ | } } } }`, ["prompt", "response", "messages"], false],
    ["that the map has not", `{ ${SOURCE}{ "prompt": "q", "|" } } } }`, ["response", "messages"], false],
    ["in place of another", `{ ${SOURCE}{ "pro|mt": "q" } } } }`, ["prompt", "response", "messages"], true],
    [
      "of a benchmark",
      '{ "data": { "benchmarks": { "x": { "from": "a", "columns": { "|" } } } } }',
      ["prompt", "messages", "category", "reference"],
      false,
    ],
  ] as const) {
    it(`names keys of a map of columns ${what}`, () => {
      const { context } = at(text);
      assert.ok(context?.kind === "columnKeys");
      assert.deepEqual([context.keys, context.hasValue], [keys, hasValue]);
    });
  }

  it("asks for the columns of the source that they belong to", () => {
    const { context, replaced } = at(`{ ${SOURCE}{ "prompt": "q|" } } } }`);
    assert.ok(context?.kind === "columns");
    assert.deepEqual([context.source, replaced], [{ from: "a.jsonl", split: "train" }, '"q"']);
    assert.equal(at('{ "data": { "sft": { "columns": { "prompt": "|" } } } }').context, undefined);
  });

  it("completes the path of a source with settings", () => {
    assert.equal(at('{ "data": { "sft": { "from": "da|ta" } } }').context?.kind, "path");
  });

  it("completes the path of a contestant's answers, and the benchmarks that it answers", () => {
    const { context } = at('{ "evaluation": { "contestants": { "gpt": { "answers": "model_answer/|" } } } }');
    assert.ok(context?.kind === "path");
    assert.deepEqual([context.folder, context.wants], ["model_answer/", "file"]);
    assert.deepEqual(namesAt(`{ ${TASK}, "evaluation": { "contestants": { "gpt": { "benchmarks": ["|"] } } } }`), [
      "inDistribution",
      "outOfDistribution",
    ]);
  });

  for (const [what, line, setting, replaced] of [
    ["cores of a stage", '"cpus": |', "cpus", ""],
    ["cards of a kind of stage", '"stages": { "answers": { "gpus": 0.5| } }', "gpus", "0.5"],
    ["cards of a machine", '"trainer": { "cardsPerNode": |8 }', "cardsPerNode", "8"],
    ["machines", '"trainer": { "nodes": |, "cardsPerNode": 4 }', "nodes", ""],
  ] as const) {
    it(`asks for a cluster's ${what} by its address`, () => {
      const found = at(`{ "runtime": { "cluster": { "address": "http://head:8265", ${line} } } }`);
      const cardsPerNode = setting === "nodes" ? 4 : 8;
      const { context } = found;
      assert.ok(context?.kind === "cluster");
      assert.deepEqual(context, { ...context, setting, address: "http://head:8265", cardsPerNode });
      assert.equal(found.replaced, replaced);
    });
  }

  it("asks for nothing of a cluster without an address, at a key and after a value", () => {
    const address = '"address": "http://head:8265"';
    for (const cluster of [
      '"cpus": |',
      `${address}, "cp|us": 1`,
      `${address}, "cpus": 1 |`,
      `${address}, "cpus": "|"`,
    ]) {
      assert.equal(at(`{ "runtime": { "cluster": { ${cluster} } } }`).context, undefined, cluster);
    }
  });

  it("asks for the editor's models where a language model judges or answers", () => {
    for (const text of [
      '{ "evaluation": { "llm": { "model": "vsc|" } } }',
      '{ "evaluation": { "panel": { "members": ["gold", { "model": "vsc|" }] } } }',
      '{ "evaluation": { "contestants": { "x": { "model": "vsc|" } } } }',
    ]) {
      const { context, replaced } = at(text);
      assert.deepEqual([context?.kind, replaced], ["editorModels", '"vsc"'], text);
    }
    assert.equal(at('{ "evaluation": { "llm": { "protocol": "|" } } }').context, undefined);
  });
});
