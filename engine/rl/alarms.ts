/** Metrics of one iteration, by path (`objective/kl`). */
export type Metrics = Readonly<Record<string, number>>;

/** Something in the metrics that a person should look at. */
export interface Alarm {
  readonly name: string;
  /** What is seen, why it may be, what to do. */
  readonly message: string;
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
}

/** Where TRL has no number these are ours, wide enough that a healthy run of the demo stays silent. */
export const ALARM_LIMITS: AlarmLimits = {
  negativeKl: -1,
  lengthCollapse: 0.3,
  klPerToken: 1,
  entropyGrowth: 2,
  entropyCollapse: 0.1,
  window: 4,
};

interface Detector {
  readonly name: string;
  /** The message, if the history shows it. */
  readonly detect: (history: readonly Metrics[], limits: AlarmLimits) => string | undefined;
}

const nonFinite: Detector = {
  name: "nonFinite",
  detect: (history) => {
    const bad = Object.entries(history.at(-1) ?? {}).find(([, value]) => !Number.isFinite(value));
    if (bad === undefined) return undefined;
    return `${bad[0]} is ${bad[1]}: lower the learning rate, clip the gradient norm, and resume from the last checkpoint`;
  },
};

const negativeKl: Detector = {
  name: "negativeKl",
  detect: (history, limits) => {
    const kl = recent(history, "objective/kl", limits);
    if (kl === undefined || kl >= limits.negativeKl) return undefined;
    return (
      `KL to the reference is ${kl.toFixed(2)} nats, and a true KL is never negative: ` +
      "sampling and log-probs use different distributions (temperature, top-p, padding)"
    );
  },
};

const lengthCollapse: Detector = {
  name: "lengthCollapse",
  detect: (history, limits) => {
    const change = growth(history, "rollout/length", limits);
    if (change === undefined || change.ratio >= limits.lengthCollapse) return undefined;
    return (
      `responses shrank from ${change.start.toFixed(1)} to ${change.now.toFixed(1)} tokens: ` +
      "the policy may be escaping the KL penalty by saying nothing (SALSA's KL-hack): " +
      "lower beta, or pay the score only to responses long enough"
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
      return `KL is ${perToken} nats per token: the policy has left the reference and may write gibberish: raise beta`;
    }
    const entropy = growth(history, "policy/entropy", limits);
    if (entropy === undefined || entropy.start <= 0 || entropy.ratio <= limits.entropyGrowth) return undefined;
    return `entropy per token grew ${entropy.ratio.toFixed(1)} times since the start: text may be turning to noise: raise beta or lower the learning rate`;
  },
};

const entropyCollapse: Detector = {
  name: "entropyCollapse",
  detect: (history, limits) => {
    const entropy = growth(history, "policy/entropy", limits);
    if (entropy === undefined || entropy.start <= 0 || entropy.ratio >= limits.entropyCollapse) return undefined;
    return `entropy per token fell to ${(100 * entropy.ratio).toFixed(0)} % of its start: responses are becoming all alike: raise beta or add an entropy bonus`;
  },
};

const skippedMinibatch: Detector = {
  name: "skippedMinibatch",
  detect: (history) => {
    const skipped = history.at(-1)?.["policy/skipped"];
    // Not a number has an alarm of its own.
    if (skipped === undefined || !(skipped > 0)) return undefined;
    return `${(100 * skipped).toFixed(0)} % of the minibatches had a mean ratio over the threshold, so their loss counted 0: lower the learning rate or the number of epochs`;
  },
};

/** Every detector. Add yours here. */
export const DETECTORS = [
  nonFinite,
  negativeKl,
  lengthCollapse,
  gibberish,
  entropyCollapse,
  skippedMinibatch,
] as const satisfies readonly Detector[];

/**
 * Alarms that the metrics so far give rise to.
 * @param history - One entry per iteration, oldest first.
 */
export function alarms(history: readonly Metrics[], limits: AlarmLimits = ALARM_LIMITS): readonly Alarm[] {
  return DETECTORS.flatMap(({ name, detect }) => {
    const message = detect(history, limits);
    return message === undefined ? [] : [{ name, message }];
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

function mean(rows: readonly Metrics[], metric: string): number | undefined {
  // Numbers that are not finite have an alarm of their own.
  const values = rows.flatMap((row) => row[metric] ?? []).filter(Number.isFinite);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
