import assert from "node:assert/strict";
import { readArguments } from "../../../engine/cli/arguments.ts";
import { score } from "../../../engine/cli/commands/score.ts";
import type { Table } from "../../../engine/protocol/events.ts";
import { numberProblem, scoreArguments, scoreMarkdown } from "../../../extension/commands/scoring.ts";

describe("the command line of a scoring", () => {
  it("is one that salsa reads as it was meant", () => {
    const task = readArguments(score, scoreArguments("/a", { kind: "task", task: "miniinstruct" }, 64).slice(1));
    assert.deepEqual([...task.positionals], ["/a"]);
    assert.deepEqual({ ...task.options }, { task: "miniinstruct", n: "64" });
    const by = { kind: "prompts", prompts: "/p.jsonl", reward: "/r" } as const;
    const prompts = readArguments(score, scoreArguments("/a", by, 64).slice(1));
    assert.deepEqual({ ...prompts.options }, { prompts: "/p.jsonl", reward: "/r", n: "64" });
  });
});

describe("a number of answers", () => {
  it("is a whole number from 1 on", () => {
    const fine = ["1", "256", " 64 "].map(numberProblem);
    const wrong = ["0", "-1", "1.5", "1e3", "", "many"].map(numberProblem);
    assert.deepEqual(fine, [undefined, undefined, undefined]);
    assert.ok(wrong.every((problem) => problem !== undefined));
  });
});

describe("scores for people", () => {
  it("tell the checkpoint, the source, the table in four digits and its note", () => {
    const table: Table = {
      name: "scores",
      title: "Scores of /a",
      columns: [
        { header: "benchmark", align: "left" },
        { header: "gold", align: "right" },
      ],
      rows: [
        ["inDistribution", 1.166145],
        ["other", null],
      ],
      note: "Sampled at temperature 0.7.",
      files: [],
    };
    const scored = { checkpoint: "soup", folder: "soups/soup", by: { kind: "task", task: "miniinstruct" } } as const;
    assert.equal(
      scoreMarkdown(table, scored),
      [
        "# Scores of soup",
        "`soups/soup`. On the task `miniinstruct`, by its gold score.",
        "| benchmark | gold |\n| --- | ---: |\n| inDistribution | 1.166 |\n| other | – |",
        "Sampled at temperature 0.7.\n",
      ].join("\n\n"),
    );
  });
});
