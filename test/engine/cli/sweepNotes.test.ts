import assert from "node:assert/strict";
import { criticalPath, sweepNotes } from "../../../engine/cli/sweepNotes.ts";
import { parseConfig } from "../../../engine/config/index.ts";
import type { PlannedStage } from "../../../engine/protocol/toolOutput.ts";
import { planned } from "../../extension/plannedStage.ts";

function stage(id: string, inputs: readonly string[], more: Partial<PlannedStage> = {}): PlannedStage {
  return planned(id, { inputs: [...inputs], ...more });
}

const CONFIG = {
  task: { name: "miniinstruct" },
  soups: { soup: { method: "linear", alpha: { grid: [0.3, 0.6] } } },
  arms: { ppo: {}, salsa: { reference: "soup", beta: { grid: [0.05, 0.1, 0.2] } } },
};

describe("notes on a sweep", () => {
  const config = parseConfig(JSON.stringify(CONFIG), "/x/a.salsa.json");
  const stages = [
    ...[stage("base", [], { cached: true }), stage("sft-1", ["base"]), stage("sft-2", ["base"])],
    ...[stage("soup_alpha0.3", ["sft-1", "sft-2"]), stage("soup_alpha0.6", ["sft-1", "sft-2"])],
    stage("ppo", ["sft-1"]),
    ...Object.keys(config.arms)
      .filter((name) => name !== "ppo")
      .map((name) => stage(name, ["sft-1", name.includes("0.3") ? "soup_alpha0.3" : "soup_alpha0.6"])),
  ];

  it("say how many arms there are, what they share, all the work and its longest chain", () => {
    assert.deepEqual(sweepNotes(config, stages), [
      "sweep: salsa is 6 arms (3 of beta × 2 of alpha); 7 arms in all",
      "made once for several arms: base, sft-1, sft-2, soup_alpha0.3, soup_alpha0.6",
      "about 11 min 00 s of work in all; with any number of devices at least 3 min 00 s, one after another: sft-1 → soup_alpha0.3 → salsa_beta0.05_alpha0.3",
    ]);
  });

  it("say how many models are made before the arms by grids of theirs", () => {
    const swept = { ...CONFIG, sft: { epochs: { grid: [1, 2] } }, reward: { epochs: { grid: [1, 2] } } };
    const [sums, before] = sweepNotes(parseConfig(JSON.stringify(swept), "/x/a.salsa.json"), stages);
    assert.equal(
      sums,
      "sweep: ppo is 4 arms (2 of sft.epochs × 2 of reward.epochs); salsa is 24 arms (3 of beta × 2 of alpha × 2 of sft.epochs × 2 of reward.epochs); 28 arms in all",
    );
    assert.equal(before, "models before the arms: 2 of sft-1, 2 of sft-2, 2 of preferences, 4 of reward");
  });

  it("say how many arms halving lets go on, and count later stages by that", () => {
    const halved = { ...config, halving: { rungs: 2 } };
    const some = stages.map((one) => ({ ...one, share: 0.5 }));
    const [, , halving, times] = sweepNotes(halved, some);
    const iterations = config.arms["ppo"]?.iterations ?? 0;
    assert.equal(
      halving,
      `halving: of the 6 arms of salsa, 3 go on after ${iterations / 4}, 2 go on after ${iterations / 2} of ${iterations} iterations; times in all count stages by how many arms come to them`,
    );
    assert.match(times ?? "", /^about 5 min 30 s of work in all/);
  });

  it("say no times where everything is made, and nothing without a grid", () => {
    const made = stages.map((one) => ({ ...one, cached: true }));
    assert.equal(sweepNotes(config, made).length, 2);
    const { sweep: _sweep, ...plain } = config;
    assert.deepEqual(sweepNotes(plain, stages), []);
  });

  it("find the longest chain by its seconds, not by its stages", () => {
    const found = criticalPath([
      ...[stage("a", []), stage("b", ["a"]), stage("c", ["b"]), stage("long", [], { estimatedSeconds: 200 })],
      stage("end", ["c", "long"], { estimatedSeconds: 5 }),
    ]);
    assert.deepEqual(found, { seconds: 205, path: ["long", "end"] });
    assert.deepEqual(criticalPath([]), { seconds: 0, path: [] });
  });
});
