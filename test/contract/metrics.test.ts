import assert from "node:assert/strict";
import { join } from "node:path";
import { describeMetric, METRIC_FAMILIES, METRICS, metricTexts } from "../../engine/protocol/catalogue.ts";
import { isPercentile } from "../../engine/protocol/distributions.ts";
import { CHOICES, JUDGING } from "../../engine/protocol/metrics/evaluation.ts";
import type { Palette } from "../../engine/protocol/palette.ts";
import { type StageState, applyEvents, emptyRunState } from "../../engine/protocol/runState.ts";
import { readPalette } from "../../engine/storage/palette.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";
import { type TinyRun, runTiny, tiny } from "../engine/pipeline/tinyRun.ts";
import { inPig } from "./inPig.ts";

type Family = (typeof METRIC_FAMILIES)[number];

function familyOf(name: string): Family | undefined {
  return METRIC_FAMILIES.find(({ prefix }) => name.startsWith(prefix));
}

describe("metrics of a run", function () {
  this.timeout(120_000);
  let recorded: readonly Extract<TinyRun["events"][number], { kind: "metrics" }>[];
  let planned: readonly StageState[];
  let palette: Palette;

  before(() =>
    inTemporaryFolder(async (folder) => {
      const { events } = await runTiny(
        tiny({
          seeds: [1, 2],
          arms: {
            ppo: { beta: [0.05, 0.1] },
            mkl: { reference: ["sft-1", "soup"] },
            dpo: { method: "dpo", reference: "soup" },
          },
          rlhf: { iterations: 2, evaluateEvery: 1, evaluatePrompts: 4 },
        }),
        folder,
      );
      const state = emptyRunState("tiny-1");
      applyEvents(state, events);
      planned = state.stages;
      recorded = events.filter((event) => event.kind === "metrics");
      palette = await readPalette(join(folder, ".salsa"));
    }),
  );

  it("are all in the catalogue, and all that is in the catalogue is recorded", () => {
    const names = new Set(recorded.flatMap(({ values }) => Object.keys(values)));
    const single = [...names].filter((name) => familyOf(name) === undefined);
    // No built-in judge costs anything or fails, and a processor does not say what a card does.
    const others = ["device/busy", "device/power", "device/freeMemory", ...JUDGING.map(({ name }) => name)];
    const expected = METRICS.map(({ name }) => name).filter((name) => !others.includes(name));
    assert.deepEqual(single.sort(), expected.sort());
    assert.deepEqual(
      new Set([...names].map(familyOf).filter((family) => family !== undefined)),
      new Set<Family>(METRIC_FAMILIES),
    );
    for (const name of names) assert.ok(describeMetric(name).description !== "", name);
  });

  it("belong to arms that keep their looks from the run's beginning on: arms first, in the config's order", () => {
    assert.deepEqual(Object.keys(palette).slice(0, 2), ["ppo", "mkl"]);
    assert.ok(["sft-1", "sft-2", "reward"].every((name) => Object.hasOwn(palette, name)));
    assert.equal(new Set(Object.values(palette)).size, Object.keys(palette).length);
  });

  it("are put into another language as a whole", () => {
    const texts = metricTexts();
    for (const name of new Set(recorded.flatMap(({ values }) => Object.keys(values)))) {
      const { label, unit, description } = describeMetric(name, inPig);
      for (const text of [label, unit, description].filter((one) => one !== ""))
        assert.ok(texts.includes(/^<([^|]*)(?:\|.*)?>$/.exec(text)?.[1] ?? ""), text);
    }
    assert.equal(describeMetric("objective/kl/soup", inPig).label, "<KL to {0}|soup>");
    assert.equal(describeMetric("objective/kl/soup").label, "KL to soup");
  });

  it("hold the KL to each reference where there are several, of which objective/kl is the mean", () => {
    for (const stage of ["seed-1/mkl", "seed-2/mkl"]) {
      const rows = recorded.filter((event) => event.stage === stage);
      assert.equal(rows.length, 2);
      for (const { values } of rows) {
        const [sft, soup, both] = ["objective/kl/sft-1", "objective/kl/soup", "objective/kl"].map(
          (name) => values[name],
        );
        assert.ok(typeof sft === "number" && typeof soup === "number" && typeof both === "number");
        assert.ok(sft !== soup, "a soup is not its ingredient");
        assert.ok(Math.abs((sft + soup) / 2 - both) < 1e-9 * Math.max(1, Math.abs(both)));
      }
    }
    const ppo = recorded.filter(({ stage }) => stage === "seed-1/ppo (β 0.05)");
    assert.ok(ppo.length > 0);
    const names = ppo.flatMap(({ values }) => Object.keys(values).filter((name) => !isPercentile(name)));
    assert.ok(names.every((name) => familyOf(name) === undefined));
  });

  it("hold throughput and memory in every record of a training", () => {
    const others = ["reward/heldOutAccuracy", "dpo/heldOutAccuracy", ...CHOICES.map(({ name }) => name)];
    const trainings = recorded.filter(({ values }) => !others.some((name) => name in values));
    assert.ok(new Set(trainings.map(({ stage }) => stage)).has("seed-1/base"));
    for (const { stage, values } of trainings) {
      const measured = [
        "throughput/tokensPerSecond",
        "process/memory",
        "process/cores",
        "device/memory",
        "device/peakMemory",
      ];
      for (const name of measured) {
        assert.ok((values[name] ?? 0) > 0, `${stage}: ${name} is ${values[name] ?? "missing"}`);
      }
    }
  });

  it("have planned memory of every training beside them, by role", () => {
    for (const id of new Set(recorded.filter(({ values }) => "device/memory" in values).map(({ stage }) => stage))) {
      const { memory = {} } = planned.find((stage) => stage.id === id) ?? {};
      assert.ok((memory.optimizer ?? 0) > 0 && (memory.activations ?? 0) > 0, `${id}: ${JSON.stringify(memory)}`);
    }
  });

  it("of one stage never go back in steps", () => {
    const last = new Map<string, number>();
    for (const { stage, step } of recorded) {
      assert.ok(step >= (last.get(stage) ?? 0), `${stage}: ${step} after ${last.get(stage) ?? 0}`);
      last.set(stage, step);
    }
  });
});
