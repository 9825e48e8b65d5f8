import type { StageState } from "../../protocol/runState.ts";
import type { ExportRow, ExportTable } from "./table.ts";

/** Rows that are made at a time. */
const AT_ONCE = 4096;

/** Every recorded point of every curve. */
export const metricsTable: ExportTable = {
  name: "metrics",
  description: "Every recorded value of every metric, one a row",
  columns: [
    { name: "stage", kind: "text", description: "Id of the stage within its run" },
    { name: "kind", kind: "text", description: "Kind of the stage: pretrain, sft, reward, rlhf, dpo and so on" },
    { name: "product", kind: "text", description: "Arm or model that the stage works for" },
    { name: "seed", kind: "integer", description: "Base seed; empty in a run with one" },
    { name: "beta", kind: "number", description: "β of a candidate among several" },
    { name: "metric", kind: "text", description: "Path of the metric, such as objective/kl" },
    { name: "step", kind: "integer", description: "Step of the stage, from 1" },
    { name: "time", kind: "number", description: "Seconds since 1970" },
    { name: "value", kind: "number", description: "Empty where it was not finite" },
  ],
  async *rows({ state }) {
    const stages = new Map<string, StageState>(state.stages.map((stage) => [stage.id, stage]));
    let batch: ExportRow[] = [];
    for (const [id, byMetric] of Object.entries(state.metrics)) {
      const { kind = "", product = "", seed = null, beta = null } = stages.get(id) ?? {};
      for (const [metric, { steps, times, values }] of Object.entries(byMetric)) {
        for (const [at, step] of steps.entries()) {
          const time = times[at];
          batch.push([
            ...[id, kind, product, seed, beta, metric, step],
            ...[time === undefined ? null : time / 1000, values[at] ?? null],
          ]);
          if (batch.length < AT_ONCE) continue;
          yield await Promise.resolve(batch);
          batch = [];
        }
      }
    }
    if (batch.length > 0) yield batch;
  },
};
