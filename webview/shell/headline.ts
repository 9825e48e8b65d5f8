import { lastTenthMean } from "../../engine/figures/index.ts";
import { trainsArm } from "../../engine/protocol/armStages.ts";
import type { RunOutline, RunResultLine, SeriesKey } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import type { Curve } from "../model.ts";
import { percent, short } from "../parts/format.ts";

/**
 * Result of a run in one line: "salsa beats ppo: 56.8 % (55.2–58.5) on inDistribution · outOfDistribution: … · KL of salsa:
 * 1.1". `kl` is the first arm's, where it is known.
 */
export function headline(result: RunResultLine, kl?: number): string {
  const { benchmark, more = [], among } = result;
  const chosen = among === undefined ? "" : ` (${chosenAmong(among)})`;
  const first = `${verdict(result)}${chosen}: ${estimate(result)}`;
  return [
    t("{0} on {1}", first, benchmark),
    ...more.map((one) => `${one.benchmark}: ${estimate(one)}`),
    ...(kl === undefined ? [] : [t("KL of {0}: {1}", result.a, short(kl))]),
  ].join(" · ");
}

/**
 * KL to its reference at which an arm ended, over its base seeds: the mean over the last tenth of the iterations. Undefined
 * where it is not recorded, or still being read.
 */
export function klOf(
  arm: string,
  { stages }: Pick<RunOutline, "stages">,
  curveOf: (key: SeriesKey) => Curve | undefined,
): number | undefined {
  const bySeed = Map.groupBy(
    stages.filter(({ product, benchmark }) => product === arm && benchmark === undefined),
    ({ seed }) => seed,
  );
  const values = Array.from(bySeed.values(), (own) => {
    const result = own.find(({ role }) => role === "result");
    const beta = result?.kind === "choice" ? curveOf({ stage: result.id, metric: "choice/beta" })?.values.at(-1) : NaN;
    const trained = result?.kind === "choice" ? own.find((one) => trainsArm(one) && one.beta === beta) : result;
    return lastTenthMean((trained && curveOf({ stage: trained.id, metric: "objective/kl" })?.values) ?? []);
  });
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  return Number.isFinite(mean) ? mean : undefined;
}

/** "best of 6 by validation score": how the arm of a sweep that stands for it was chosen. */
export function chosenAmong({ n, by }: NonNullable<RunResultLine["among"]>): string {
  switch (by) {
    case "validation":
      return t("best of {0} by validation score", n);
    case "training":
      return t("best of {0} by the last score in training", n);
    case "winRate":
      return t("best of {0} by these win rates, which flatter it", n);
  }
}

/** As in the table, whose stars go by the adjusted p. */
const DECIDED = 0.05;

/** Names the better model, by the interval and p alike, or says that these do not tell. */
export function verdict({ a, b, low, high, p = 0 }: RunResultLine): string {
  if (p >= DECIDED) return t("{0} and {1} cannot be told apart", a, b);
  if (low > 0.5) return t("{0} beats {1}", a, b);
  if (high < 0.5) return t("{0} loses to {1}", a, b);
  return t("{0} and {1} cannot be told apart", a, b);
}

/** "56.8 % (55.2–58.5)": the adjusted win rate with its 95 % interval. */
export function estimate({ adjusted, low, high }: Pick<RunResultLine, "adjusted" | "low" | "high">): string {
  return t("{0} % ({1}–{2})", percent(adjusted, 1), percent(low, 1), percent(high, 1));
}
