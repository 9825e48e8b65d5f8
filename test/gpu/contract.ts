import fc from "fast-check";
import { DeviceLostError } from "../../engine/compute/backends/cuda/driver.ts";
import type { Card } from "./card.ts";
import type { Say } from "./lines.ts";
import { type CaseResult, Runner } from "./runner.ts";

/** The suites that every backend passes. */
const SUITES = [
  () => import("../contract/backend.test.ts"),
  () => import("../contract/ops.test.ts"),
  () => import("../contract/weightTypes.test.ts"),
  () => import("../contract/golden.test.ts"),
  () => import("../contract/programs.test.ts"),
];

/** Longest message of a failure that is kept, in characters: property tests tell of every attempt. */
const LONGEST = 1500;

/** Which of the contract's cases run. */
export interface ContractSettings {
  /** A regular expression over titles. */
  readonly cases?: string | undefined;
  /** Number of the first to run: the rest of a suite whose process has ended. */
  readonly from?: number | undefined;
}

/** Runs the contract suite on a card, case by case. Ends after the one that loses the card. */
export async function contract(card: Card, { cases = "", from }: ContractSettings, say: Say): Promise<void> {
  // The same cases wherever and however often this runs.
  fc.configureGlobal({ seed: 1 });
  const runner = new Runner();
  await runner.collect(async () => {
    for (const load of SUITES) await load();
  });
  const wanted = new RegExp(cases);
  await runner.run({
    isChosen: (title) => title.includes(card.suite) && wanted.test(title),
    ...(from !== undefined && { from }),
    begin: (title, number) => say({ kind: "begin", title, number }),
    end: (result) => told(result, say),
  });
}

function told({ title, ms, error }: CaseResult, say: Say): boolean {
  if (error === undefined) {
    say({ kind: "case", title, ms });
    return true;
  }
  say({ kind: "case", title, ms, error: messageOf(error) });
  if (!isLost(error)) return true;
  say({ kind: "lost" });
  return false;
}

/** Faults, with the first number that differs where numbers do. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

/** True where the card no longer works for this process. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof DeviceLostError || isLost(error.cause);
}
