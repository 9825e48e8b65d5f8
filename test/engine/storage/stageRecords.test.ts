import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { EventBody } from "../../../engine/protocol/events.ts";
import { readLastSamples } from "../../../engine/storage/formats/samples.ts";
import { recordFolder } from "../../../engine/storage/recordFolder.ts";
import { StageRecord, readStageCurves } from "../../../engine/storage/stageRecords.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const KEY = "rlhf-0123456789abcdef";

const metricsOf = (step: number, kl: number, stage = "salsa"): EventBody => ({
  ...{ kind: "metrics", stage, step, values: { "objective/kl": kl } },
});

describe("a stage's record", () => {
  it("has the curves and rollouts under the artifact's name, beside the artifacts", async () => {
    await inTemporaryFolder(async (root) => {
      assert.equal(await readStageCurves(root, KEY), undefined);
      const record = await StageRecord.open({ root, key: KEY, run: "demo-1" });
      record.event(metricsOf(1, 0.5));
      record.event({ kind: "progress", stage: "salsa", step: 1, total: 2 });
      record.event(metricsOf(2, NaN));
      record.sample({ stage: "salsa", step: 1, prompt: "p", response: "r", ended: true, score: 1, tokens: [] });
      record.close();
      const curves = await readStageCurves(root, KEY);
      const { steps, values } = curves?.metrics["objective/kl"] ?? {};
      assert.deepEqual([curves?.from.run, steps, values], ["demo-1", [1, 2], [0.5, null]]);
      const samples = await readLastSamples(recordFolder(root, KEY));
      assert.deepEqual(
        samples.map(({ stage, response }) => [stage, response]),
        [[KEY, "r"]],
      );
      assert.deepEqual(await fs.readdir(root), ["records"]);
    });
  });

  it("goes on after a crash in another run, whose steps replace those that it takes again", async () => {
    await inTemporaryFolder(async (root) => {
      const first = await StageRecord.open({ root, key: KEY, run: "demo-1" });
      for (const step of [1, 2, 3]) first.event(metricsOf(step, step));
      first.close();
      await fs.appendFile(path.join(recordFolder(root, KEY), "events.jsonl"), '{"kind":"metr');
      const second = await StageRecord.open({ root, key: KEY, run: "demo-2" });
      for (const step of [3, 4]) second.event(metricsOf(step, 10 * step, "other name"));
      second.close();
      const curves = await readStageCurves(root, KEY);
      const { steps, values } = curves?.metrics["objective/kl"] ?? {};
      assert.deepEqual([curves?.from.run, steps, values], ["demo-2", [1, 2, 3, 4], [1, 2, 30, 40]]);
    });
  });
});
