import type { RunState, StageState } from "./runState.ts";

/** An amount of money. */
export interface Amount {
  readonly value: number;
  /** As the config names it: "USD". */
  readonly currency: string;
}

/**
 * The cost of a run so far, by the prices of its stages and the time that each was seen at work; undefined where no
 * prices are known. Results of earlier runs cost nothing.
 */
export function spentBy({
  stages,
  currency,
  updatedAt,
}: Pick<RunState, "stages" | "currency" | "updatedAt">): Amount | undefined {
  if (currency === undefined) return undefined;
  const hours = ({ status, startedAt = Infinity, workedSeconds = 0 }: StageState): number => {
    const atWorkMs = status === "running" ? Math.max(0, (updatedAt ?? 0) - startedAt) : 0;
    return (workedSeconds + atWorkMs / 1000) / 3600;
  };
  return { currency, value: stages.reduce((sum, stage) => sum + (stage.pricePerHour ?? 0) * hours(stage), 0) };
}

/** "12.30 USD". */
export function amountText({ value, currency }: Amount): string {
  return `${value.toFixed(2)} ${currency}`;
}
