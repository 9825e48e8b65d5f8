import type * as z from "zod";
import type { Complaint } from "../complaint.ts";
import type { WrittenArm } from "./algorithm.ts";
import { PPO_SETTINGS } from "./ppoSettings.ts";

type Settings = Omit<z.output<z.ZodObject<typeof PPO_SETTINGS>>, "beta" | "init" | "reference" | "maxNewTokens">;
type Key = keyof Settings;

/** Settings that change nothing beside others. */
interface Idle {
  readonly keys: readonly Key[];
  readonly isIdle: (settings: Settings) => boolean;
  /** Words for that: "without minLength". */
  readonly beside: (settings: Settings) => string;
  readonly remedy: string;
}

const IDLE: readonly Idle[] = [
  {
    keys: ["klTarget", "klHorizon"],
    isIdle: ({ klController }) => klController === "fixed",
    beside: () => 'with klController "fixed"',
    remedy: 'set klController to "adaptive", or leave it out',
  },
  {
    keys: ["referenceEvery"],
    isIdle: ({ movingReference }) => movingReference === "fixed",
    beside: () => 'with movingReference "fixed"',
    remedy: 'set movingReference to "ema", or leave it out',
  },
  {
    keys: ["referenceRate"],
    isIdle: ({ movingReference }) => movingReference !== "ema",
    beside: ({ movingReference }) => `with movingReference ${JSON.stringify(movingReference)}`,
    remedy: 'set movingReference to "ema", or leave it out',
  },
  {
    keys: ["shortPenalty"],
    isIdle: ({ minLength }) => minLength === 0,
    beside: () => "without minLength",
    remedy: "set minLength to the fewest tokens that a response should have",
  },
  {
    keys: ["evaluatePrompts"],
    isIdle: ({ evaluateEvery }) => evaluateEvery === 0,
    beside: () => "without evaluateEvery",
    remedy: "set evaluateEvery to the iterations between two comparisons",
  },
];

/** Complaints about settings that an arm has written and that change nothing. Shared settings may be for some of the arms. */
export function checkIdle({ path, own, settings }: WrittenArm<typeof PPO_SETTINGS>): readonly Complaint[] {
  if (path[0] !== "arms") return [];
  return IDLE.filter(({ isIdle }) => isIdle(settings)).flatMap(({ keys, beside, remedy }) =>
    keys
      .filter((key) => own[key] !== undefined)
      .map((key) => ({ path: [...path, key], message: `has no effect ${beside(settings)}`, remedy })),
  );
}

/** An arm's settings with those that change nothing at their defaults: arms that are trained alike have them all alike. */
export function withoutIdle<S extends Settings>(settings: S): S {
  const keys = IDLE.filter(({ isIdle }) => isIdle(settings)).flatMap((one) => one.keys);
  return { ...settings, ...Object.fromEntries(keys.map((key) => [key, PPO_SETTINGS[key].parse(undefined)])) };
}
