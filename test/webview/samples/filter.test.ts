import assert from "node:assert/strict";
import type { StageState } from "../../../engine/protocol/runState.ts";
import { excerpt } from "../../../webview/samples/excerpt.ts";
import { benchmarksOf, isNarrowed, NO_FILTER, sampleQuery, seedsOf } from "../../../webview/samples/filter.ts";
import { rowOfPlace } from "../../../webview/samples/place.ts";
import { rowOf, samplesOf } from "./rows.ts";
import { stageState } from "../../engine/protocol/stageStates.ts";

describe("the filter of samples", () => {
  it("asks for everything, the newest step first, when nothing is chosen", () => {
    const all = { folder: "/r", source: { kind: "rollouts" }, order: "newest" };
    assert.deepEqual(sampleQuery("/r", NO_FILTER, ["ppo", "salsa"]), all);
    assert.equal(isNarrowed(NO_FILTER), false);
  });

  it("asks for no order that the source has no numbers for", () => {
    const source = { kind: "answers", benchmark: "inDistribution" } as const;
    assert.equal(sampleQuery("/r", { ...NO_FILTER, source }, []).order, undefined);
    assert.equal(sampleQuery("/r", { ...NO_FILTER, source, order: "disagreement" }, []).order, "disagreement");
  });

  it("asks for prompts of several steps among rollouts alone", () => {
    const filter = { ...NO_FILTER, isRepeated: true };
    assert.equal(sampleQuery("/r", filter, []).isRepeated, true);
    assert.equal(isNarrowed(filter), true);
    const source = { kind: "answers", benchmark: "inDistribution" } as const;
    assert.equal(sampleQuery("/r", { ...filter, source }, []).isRepeated, undefined);
  });

  it("asks for what is chosen, with an open end as the first or last step", () => {
    const filter = {
      ...NO_FILTER,
      text: " river ",
      from: 6,
      isUnended: true,
      order: "spread",
      hidden: ["mkl"],
    } as const;
    assert.deepEqual(sampleQuery("/r", filter, ["ppo", "mkl"]), {
      folder: "/r",
      source: { kind: "rollouts" },
      columns: ["ppo"],
      text: "river",
      steps: { from: 6, to: Number.MAX_SAFE_INTEGER },
      isUnended: true,
      order: "spread",
    });
    assert.equal(isNarrowed(filter), true);
  });

  it("asks for no steps of answers", () => {
    const source = { kind: "answers", benchmark: "inDistribution" } as const;
    assert.deepEqual(sampleQuery("/r", { ...NO_FILTER, source, from: 6 }, []), { folder: "/r", source });
  });

  it("finds benchmarks and seeds in the names of stages whose answers are there", () => {
    const stages = [
      stage("ppo", "finished"),
      stage("seed-1/ppo on inDistribution", "cached"),
      stage("seed-2/ppo on inDistribution", "finished"),
      stage("seed-2/ppo on outOfDistribution", "waiting"),
      stage("salsa vs ppo on other", "finished"),
    ];
    assert.deepEqual(benchmarksOf({ stages }), ["inDistribution"]);
    assert.deepEqual(seedsOf({ stages }), [1, 2]);
  });

  it("shows the beginning of a long text, or what is around a hit that lies later", () => {
    const text = `${"a".repeat(100)} river ${"b".repeat(100)}`;
    assert.equal(excerpt(text, "", 20), `${"a".repeat(20)}…`);
    assert.match(excerpt(text, "RIVER", 60), /^…a+ river b+…$/);
    assert.equal(excerpt("short", "or", 20), "short");
  });

  it("leads from a step to the first row of the last recorded step that is not after it", async () => {
    const samples = samplesOf(48); // 4 rows a step: 1, 6, 11, …
    const ask = (query: Parameters<Parameters<typeof rowOfPlace>[0]>[0]): Promise<ReturnType<typeof samples>> =>
      Promise.resolve(samples({ folder: "/r", ...query }));
    assert.equal(await rowOfPlace(ask, { step: 13 }), 36);
    assert.equal(await rowOfPlace(ask, { step: 11 }), 36);
    assert.equal(await rowOfPlace(ask, { step: 0 }), 0);
    assert.equal(await rowOfPlace(ask, { step: 9999 }), 0);
  });

  it("leads to a response of the stage that is meant, where others kept other steps and prompts", async () => {
    // Steps 1, 1, 6, 6, 11, …; of the second column every third row is missing, and all of steps 11 and 16.
    const recorded = Array.from({ length: 12 }, (_, index) => {
      const { step = 0, prompt, responses } = rowOf(2 * index);
      const isMissing = index % 3 === 0 || step === 11 || step === 16;
      return { step, prompt, responses: [responses[0] ?? null, isMissing ? null : (responses[1] ?? null)] };
    });
    const rows = recorded.toSorted((a, b) => b.step - a.step);
    const columns = ["ppo", "salsa"];
    const ask: Parameters<typeof rowOfPlace>[0] = ({ columns: wanted = columns, steps, offset, limit }) => {
      const ids = wanted.map((name) => columns.indexOf(name));
      const fits = rows
        .map((row) => ({ ...row, responses: ids.map((id) => row.responses[id] ?? null) }))
        .filter(
          ({ step, responses }) =>
            step >= (steps?.from ?? 0) && step <= (steps?.to ?? Infinity) && responses.some(Boolean),
        );
      const shown = fits.slice(offset, offset + limit);
      return Promise.resolve({ total: fits.length, all: 12, columns: wanted, allColumns: columns, rows: shown });
    };
    const at = await rowOfPlace(ask, { step: 17, stage: "salsa" });
    assert.equal(rows[at]?.step, 6);
    assert.ok(rows[at].responses[1]);
    assert.equal(rows[await rowOfPlace(ask, { step: 17, stage: "ppo" })]?.step, 16);
    assert.equal(rows[await rowOfPlace(ask, { step: 17, stage: "mkl" })]?.step, 16, "at least the step");
  });
});

const stage = (id: string, status: StageState["status"]): StageState => stageState(id, { status });
