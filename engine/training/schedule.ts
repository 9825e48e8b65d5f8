/** A learning rate over the course of a training. */
export interface Schedule {
  readonly kind: ScheduleKind;
  /** The highest learning rate, reached when warm-up ends. */
  readonly learningRate: number;
  /** Optimizer steps of the whole training. */
  readonly totalSteps: number;
  /** Steps of linear growth from 0; 0 unless given. */
  readonly warmupSteps?: number;
  /** The same as a share of the total, rounded up; read where `warmupSteps` is absent. */
  readonly warmupRatio?: number;
}

/** Share of the full learning rate by progress, which runs from 0 where warm-up ends to 1 after the last step. */
export const DECAYS = {
  constant: () => 1,
  linear: (progress: number) => 1 - progress,
  cosine: (progress: number) => 0.5 * (1 + Math.cos(Math.PI * progress)),
} as const satisfies Record<string, (progress: number) => number>;

export type ScheduleKind = keyof typeof DECAYS;

/**
 * Learning rate of a step, as transformers' `get_*_schedule_with_warmup` give it: with warm-up, the first step's is 0.
 *
 * @param schedule - Shape, height and length.
 * @param step - Optimizer steps already taken, from 0.
 */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { kind, learningRate, totalSteps, warmupRatio = 0 } = schedule;
  const warmupSteps = schedule.warmupSteps ?? Math.ceil(totalSteps * warmupRatio);
  if (step < warmupSteps) return (learningRate * step) / warmupSteps;
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  return learningRate * DECAYS[kind](Math.min(1, progress));
}
