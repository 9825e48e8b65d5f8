import type { ReportTarget } from "../../config/index.ts";
import type { ExportedRun } from "../export/table.ts";
import { stageFacts } from "./stageFacts.ts";
import { TRACKERS } from "./index.ts";

/** Steps that are written before others get their turn. */
const AT_ONCE = 1000;

/**
 * Writes every curve of a run for another tool, below the folder of its files.
 * @throws {DiskError}
 * @throws the signal's reason when it is aborted.
 */
export async function exportTracking(
  { title, config, state }: ExportedRun,
  target: ReportTarget,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<void> {
  const stages = new Map(state.stages.map((stage) => [stage.id, stage]));
  for (const [id, byMetric] of Object.entries(state.metrics)) {
    const steps = stepsOf(byMetric);
    const [first] = steps;
    const last = steps[steps.length - 1];
    if (first === undefined || last === undefined) continue;
    const stage = stages.get(id);
    const about = { run: title, experiment: config.name, stage: id, facts: stageFacts(stage), startedAt: first.time };
    const tracker = TRACKERS[target].open(folder, about);
    for (const [at, { step, time, values }] of steps.entries()) {
      tracker.log(step, time, values);
      if (at % AT_ONCE !== AT_ONCE - 1) continue;
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    tracker.end(last.time, "finished");
  }
}

interface TrackedStep {
  readonly step: number;
  readonly time: number;
  readonly values: Record<string, number | null>;
}

/** The values of each step, from the curves. */
function stepsOf(byMetric: ExportedRun["state"]["metrics"][string]): readonly TrackedStep[] {
  const byStep = new Map<number, TrackedStep>();
  for (const [metric, { steps, times, values }] of Object.entries(byMetric)) {
    for (const [at, step] of steps.entries()) {
      const known = byStep.get(step) ?? { step, time: times[at] ?? 0, values: {} };
      byStep.set(step, known);
      known.values[metric] = values[at] ?? null;
    }
  }
  return [...byStep.values()].sort((a, b) => a.step - b.step);
}
