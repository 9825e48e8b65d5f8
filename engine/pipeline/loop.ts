import { type Snapshot, type StageContext, Stopped } from "./step.ts";

/** A stage's work, step by step. */
export interface LoopSettings {
  readonly total: number;
  /** Steps between snapshots. */
  readonly saveEvery: number;
  /** Steps between recorded metrics; the last step's are always recorded. */
  readonly metricsEvery: number;
  /** Takes one step, counted from 0. */
  readonly step: (index: number) => Promise<Readonly<Record<string, number>>>;
  readonly save: () => Promise<Omit<Snapshot, "step">>;
}

/**
 * Runs a stage's steps from a snapshot on, saving now and then and when asked to stop.
 *
 * After a crash at most the work since the last snapshot is done again, with the same result.
 *
 * @param context - Of the stage.
 * @param settings - Its work.
 * @param first - Steps done before.
 * @throws {Stopped} after saving, when the context's signal is aborted.
 */
export async function loop(context: StageContext, settings: LoopSettings, first: number): Promise<void> {
  const { total, saveEvery, metricsEvery } = settings;
  const { name: stage, signal } = context;
  for (let index = first; index < total; index++) {
    const values = await settings.step(index);
    const done = index + 1;
    if (done % metricsEvery === 0 || done === total) context.report({ kind: "metrics", stage, step: done, values });
    context.report({ kind: "progress", stage, step: done, total });
    // Steps hold the thread for their milliseconds; this is where signals and timers get their turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (done === total) return;
    if (signal.aborted || done % saveEvery === 0) await context.save({ step: done, ...(await settings.save()) });
    if (signal.aborted) throw new Stopped(`${stage}: stopped after step ${done} of ${total}`);
  }
}
