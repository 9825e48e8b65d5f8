import assert from "node:assert/strict";
import * as fc from "fast-check";
import { filterTerm } from "../../../engine/protocol/runsFilter.ts";
import { readFilter } from "../../../webview/runsTable/filter.ts";
import type { RunRows } from "../../../webview/runsTable/rows.ts";
import { rowsOf } from "./tables.ts";

function table(): RunRows {
  const rows = rowsOf([
    {
      id: "demo-1",
      values: { "run.createdAt": Date.UTC(2026, 10, 2) },
      settings: { "config.sft.learningRate": 1e-3, "config.name": "two words" },
      models: [
        { name: "ppo", values: { "model.beta": 0.1, "metric.objective/kl": 2 } },
        { name: "salsa", values: { "model.beta": 0.2, "metric.objective/kl": 5, "winRate/in/ppo": 0.57 } },
      ],
    },
    {
      id: "demo-2",
      values: { "run.status": "failed", "run.createdAt": Date.UTC(2026, 10, 5) },
      models: [{ name: "ppo" }],
    },
  ]);
  rows.setMarks({
    "/w/.salsa/runs/demo-1": { tags: ["good, really", "🔥"], note: "See the KL.", name: "Bester Lauf" },
  });
  return rows;
}

function found(filter: string): readonly string[] {
  const rows = table();
  const read = readFilter(filter, rows.columns);
  if ("problem" in read) return [read.problem];
  return rows.rows.filter(read.fits).map(({ title, model = "" }) => `${title} ${model}`);
}

describe("the filter of the runs table", () => {
  const cases: readonly (readonly [filter: string, ...found: readonly string[]])[] = [
    ["", "demo-1 ppo", "demo-1 salsa", "demo-2 ppo"],
    ["salsa", "demo-1 salsa"],
    ["DEMO-1 ppo", "demo-1 ppo"],
    ["-salsa status=finished", "demo-1 ppo"],
    ["beta>=0.2", "demo-1 salsa"],
    ["kl<5", "demo-1 ppo"],
    ["kl<=5 kl>2", "demo-1 salsa"],
    ["objective/kl=2", "demo-1 ppo"],
    ["winRate/in/ppo>55%", "demo-1 salsa"],
    ["status!=finished", "demo-2 ppo"],
    ["beta!=0.1", "demo-1 salsa", "demo-2 ppo"],
    ['tag="good, really" salsa', "demo-1 salsa"],
    ["tag=good"],
    ['"good, really" salsa', "demo-1 salsa"],
    ['"really, 🔥"'],
    ["🔥 salsa", "demo-1 salsa"],
    ["tag:GOOD ppo", "demo-1 ppo"],
    ["tag=🔥 ppo", "demo-1 ppo"],
    ["tag!=🔥", "demo-2 ppo"],
    ["bester salsa", "demo-1 salsa"],
    ['displayName="bester lauf" ppo', "demo-1 ppo"],
    ['run="Bester Lauf" ppo', "demo-1 ppo"],
    ["run=demo-1 ppo", "demo-1 ppo"],
    ["run!=demo-1", "demo-2 ppo"],
    ["run:best ppo", "demo-1 ppo"],
    ["note:kl salsa", "demo-1 salsa"],
    ['config.name="two words" ppo', "demo-1 ppo"],
    ["createdAt>2026-11-03", "demo-2 ppo"],
    ["learningRate=1e-3 ppo", "demo-1 ppo"],
    ["arm=salsa", "demo-1 salsa"],
    ["colour=red", "No column is called colour"],
    ['"open', 'The filter cannot be read at "'],
  ];
  for (const [filter, ...expected] of cases) {
    it(`reads ${filter === "" ? "nothing" : filter}`, () => assert.deepEqual(found(filter), expected));
  }

  it("says which columns a name may mean", () => {
    const read = readFilter("lr>1", new Set(["config.sft.lr", "config.rlhf.lr"]));
    assert.deepEqual(read, { problem: "lr may be config.sft.lr, config.rlhf.lr: write more of the one that is meant" });
  });

  it("reads a term that a view has written as it was meant, whatever the value", () => {
    const ids = fc.constantFrom("run.note", "model.beta", "winRate/in/ppo", "metric.objective/kl");
    fc.assert(
      fc.property(ids, fc.oneof(fc.double({ noNaN: true }), fc.string({ minLength: 1 })), (id, value) => {
        const rows = rowsOf([{ id: "a-1", models: [{ name: "ppo", values: { [id]: value } }, { name: "other" }] }]);
        const read = readFilter(filterTerm(id, "=", value), rows.columns);
        assert.ok("fits" in read, filterTerm(id, "=", value));
        assert.deepEqual(
          rows.rows.filter(read.fits).map(({ model }) => model),
          ["ppo"],
        );
      }),
    );
  });
});
