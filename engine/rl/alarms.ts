/** Metrics of one iteration, by path (`objective/kl`). */
export type Metrics = Readonly<Record<string, number>>;

/** Something in the metrics that a person should look at. */
export interface Alarm {
  readonly name: string;
  /** The observation; meaning and advice are in the catalogue that interfaces for people have. */
  readonly seen: string;
}

/** Limits of the detectors. */
export interface AlarmLimits {
  /** Mean sequence KL, nats, below which it is no sampling noise. TRL warns at −1. */
  readonly negativeKl: number;
  /** Share of the starting response length under which it has collapsed. */
  readonly lengthCollapse: number;
  /** KL per response token, nats, over which text is usually gibberish. */
  readonly klPerToken: number;
  /** Factor by which entropy per token may grow from the start. */
  readonly entropyGrowth: number;
  /** Share of starting entropy per token under which responses are all alike. */
  readonly entropyCollapse: number;
  /** Iterations averaged at each end of the history. */
  readonly window: number;
  /** Standard errors of the difference of two windows by which a score must have moved to count as rising or falling. */
  readonly trend: number;
  /** Standard deviations of the first batches' scores by which the mean must have risen for a KL to be suspect. */
  readonly scoreRise: number;
  /** KL per response token, nats, over which a risen score is suspect where no gold score is known. */
  readonly runawayKl: number;
}

/** These are ours where TRL has no number, wide enough that a healthy run of the demo stays silent. */
export const ALARM_LIMITS: AlarmLimits = {
  negativeKl: -1,
  lengthCollapse: 0.3,
  klPerToken: 1,
  entropyGrowth: 2,
  entropyCollapse: 0.1,
  window: 4,
  // Two windows of pure noise are four standard errors apart once in 16,000 times; the best window of a long run is by
  // itself some three errors above the mean, which the second condition, a score that rose as surely, makes up for.
  trend: 4,
  // Two deviations: the average response is then scored like the best in forty were at first. The demo ends at 0.7.
  scoreRise: 2,
  // Half of the KL of gibberish. The demo ends under 0.25.
  runawayKl: 0.5,
};

interface Detector {
  readonly name: string;
  /** The observation, if the history shows it. */
  readonly detect: (history: readonly Metrics[], limits: AlarmLimits) => string | undefined;
}

const nonFinite: Detector = {
  name: "nonFinite",
  detect: (history) => {
    const bad = Object.entries(history.at(-1) ?? {}).find(([, value]) => !Number.isFinite(value));
    if (bad === undefined) return undefined;
    return `${bad[0]} is ${bad[1]}`;
  },
};

const negativeKl: Detector = {
  name: "negativeKl",
  detect: (history, limits) => {
    const kl = recent(history, "objective/kl", limits);
    if (kl === undefined || kl >= limits.negativeKl) return undefined;
    return `KL to the reference is ${kl.toFixed(2)} nats, and a true KL is never negative`;
  },
};

const lengthCollapse: Detector = {
  name: "lengthCollapse",
  detect: (history, limits) => {
    const change = growth(history, "rollout/length", limits);
    if (change === undefined || change.ratio >= limits.lengthCollapse) return undefined;
    return (
      `responses shrank from ${change.start.toFixed(1)} to ${change.now.toFixed(1)} tokens; ` +
      "the policy may be escaping the KL penalty by ending at once (SALSA's KL-hack)"
    );
  },
};

const gibberish: Detector = {
  name: "gibberish",
  detect: (history, limits) => {
    const kl = recent(history, "objective/kl", limits);
    const length = recent(history, "rollout/length", limits);
    if (kl !== undefined && length !== undefined && kl / Math.max(length, 1) > limits.klPerToken) {
      const perToken = (kl / Math.max(length, 1)).toFixed(2);
      return `KL is ${perToken} nats per token; the policy has left the reference and may write gibberish`;
    }
    const entropy = growth(history, "policy/entropy", limits);
    if (entropy === undefined || entropy.start <= 0 || entropy.ratio <= limits.entropyGrowth) return undefined;
    return `entropy per token grew ${entropy.ratio.toFixed(1)} times since the start; text may be turning to noise`;
  },
};

const entropyCollapse: Detector = {
  name: "entropyCollapse",
  detect: (history, limits) => {
    const entropy = growth(history, "policy/entropy", limits);
    if (entropy === undefined || entropy.start <= 0 || entropy.ratio >= limits.entropyCollapse) return undefined;
    return `entropy per token fell to ${(100 * entropy.ratio).toFixed(0)} % of its start; responses are becoming all alike`;
  },
};

const skippedMinibatch: Detector = {
  name: "skippedMinibatch",
  detect: (history) => {
    const skipped = history.at(-1)?.["policy/skipped"];
    // Not a number has an alarm of its own.
    if (skipped === undefined || !(skipped > 0)) return undefined;
    return `${(100 * skipped).toFixed(0)} % of the minibatches had a mean ratio over the threshold, so their loss counted 0`;
  },
};

/**
 * The score rises while the gold score falls below the best it has been; where no gold score is known, while the KL runs
 * away, since true quality peaks at some KL and the reward model's score does not (Gao et al. 2022, arXiv:2210.10760).
 */
const rewardHacking: Detector = {
  name: "rewardHacking",
  detect: (history, limits) => {
    const isKnown = history.some((row) => row["objective/gold"] !== undefined);
    return isKnown ? goldFalling(history, limits) : klRunningAway(history, limits);
  },
};

function goldFalling(history: readonly Metrics[], limits: AlarmLimits): string | undefined {
  const { window, trend } = limits;
  if (history.length < 2 * window) return undefined;
  const gold = windowMeans(history, "objective/gold", window);
  const score = windowMeans(history, "objective/score", window);
  // Windows that share iterations with the last one say nothing about a change.
  const best = gold.slice(0, -window).reduce((top, value, at, all) => (value > (all[top] ?? NaN) ? at : top), 0);
  const [goldThen = NaN, goldNow = NaN] = [gold[best], gold.at(-1)];
  const [scoreThen = NaN, scoreNow = NaN] = [score[best], score.at(-1)];
  const hasFallen = goldThen - goldNow > trend * differenceError(history, "objective/gold", window);
  const hasRisen = scoreNow - scoreThen > trend * differenceError(history, "objective/score", window);
  if (!hasFallen || !hasRisen) return undefined;
  return (
    `the reward model's score rose from ${scoreThen.toFixed(2)} to ${scoreNow.toFixed(2)} ` +
    `while the gold score fell from ${goldThen.toFixed(2)} to ${goldNow.toFixed(2)}`
  );
}

function klRunningAway(history: readonly Metrics[], limits: AlarmLimits): string | undefined {
  const score = growth(history, "objective/score", limits);
  const spread = mean(history.slice(0, limits.window), "objective/scoreStd");
  const kl = recent(history, "objective/kl", limits);
  const length = recent(history, "rollout/length", limits);
  if (score === undefined || spread === undefined || kl === undefined || length === undefined) return undefined;
  const perToken = kl / Math.max(length, 1);
  if (score.now - score.start < limits.scoreRise * spread || perToken < limits.runawayKl) return undefined;
  return (
    `the reward model's score rose from ${score.start.toFixed(2)} to ${score.now.toFixed(2)} ` +
    `while the KL to the reference ran away to ${kl.toFixed(1)} nats, ${perToken.toFixed(2)} a token`
  );
}

/** Every detector. Add yours here. */
export const DETECTORS = [
  nonFinite,
  negativeKl,
  lengthCollapse,
  gibberish,
  entropyCollapse,
  skippedMinibatch,
  rewardHacking,
] as const satisfies readonly Detector[];

/**
 * Alarms that the metrics so far give rise to.
 * @param history - One entry per iteration, oldest first.
 */
export function alarms(history: readonly Metrics[], limits: AlarmLimits = ALARM_LIMITS): readonly Alarm[] {
  return DETECTORS.flatMap(({ name, detect }) => {
    const seen = detect(history, limits);
    return seen === undefined ? [] : [{ name, seen }];
  });
}

function recent(history: readonly Metrics[], metric: string, { window }: AlarmLimits): number | undefined {
  return mean(history.slice(-window), metric);
}

/** Start and present of a metric, once the history has room for two windows. */
function growth(
  history: readonly Metrics[],
  metric: string,
  { window }: AlarmLimits,
): { readonly start: number; readonly now: number; readonly ratio: number } | undefined {
  if (history.length < 2 * window) return undefined;
  const start = mean(history.slice(0, window), metric);
  const now = mean(history.slice(-window), metric);
  return start === undefined || now === undefined ? undefined : { start, now, ratio: now / start };
}

/** Means of a metric over every stretch of `window` iterations, the oldest first; NaN where none is finite. */
function windowMeans(history: readonly Metrics[], metric: string, window: number): number[] {
  return history.slice(window - 1).map((_, at) => mean(history.slice(at, at + window), metric) ?? NaN);
}

/**
 * Standard error of the difference of two windows' means, by the jitter from one iteration to the next: trends
 * change successive differences little. By their median, so that a gap in the history does not count.
 */
function differenceError(history: readonly Metrics[], metric: string, window: number): number {
  const values = history.map((row) => row[metric] ?? NaN).filter(Number.isFinite);
  const jumps = values.slice(1).map((value, at) => Math.abs(value - (values[at] ?? NaN)));
  const median = jumps.sort((a, b) => a - b)[Math.floor(jumps.length / 2)] ?? 0;
  // A normal deviate's median size is 0.6745 deviations, and a difference of two has √2 of one.
  const deviation = median / (0.6745 * Math.SQRT2);
  return deviation * Math.sqrt(2 / window);
}

function mean(rows: readonly Metrics[], metric: string): number | undefined {
  // Numbers that are not finite have an alarm of their own.
  const values = rows.flatMap((row) => row[metric] ?? []).filter(Number.isFinite);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
