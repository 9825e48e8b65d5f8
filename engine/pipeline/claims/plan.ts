import type { RunConfig } from "../../config/index.ts";
import type { PlannedStage } from "../../protocol/toolOutput.ts";
import { planPipeline } from "../plan.ts";
import type { ClaimRoles } from "./roles.ts";
import { wholeClaimsConfig } from "./seedConfig.ts";
import { knownEvidence } from "./seedRun.ts";

/** Cost of the claims. */
export interface ClaimsPlan {
  readonly seeds: readonly {
    readonly seed: number;
    /** True if it has been measured. */
    readonly isKnown: boolean;
    /** Of the work that is left, at the pace of one process. */
    readonly seconds: number;
  }[];
  /** Of all that is left, with as many processes as there are jobs. */
  readonly seconds: number;
  /** The same where every arm's list of β has to be widened once. */
  readonly secondsIfWidened: number;
}

/** Estimates the claims of a config; nothing is computed. */
export async function planClaims(
  config: RunConfig,
  { roles, configFile, jobs }: { readonly roles: ClaimRoles; readonly configFile: string; readonly jobs: number },
): Promise<ClaimsPlan> {
  const runsRoot = config.runtime.directory;
  const isKnown = new Map<number, boolean>();
  for (const seed of config.seeds) {
    isKnown.set(seed, (await knownEvidence({ config, configFile, runsRoot, roles, seed })) !== undefined);
  }
  const stages = await planPipeline(wholeClaimsConfig(config, roles), { runsRoot });
  const seeds = config.seeds.map((seed) => {
    const own = stages.filter((stage) => (stage.seed ?? seed) === seed);
    const known = isKnown.get(seed) === true;
    return { seed, isKnown: known, seconds: known ? 0 : secondsOf(own), widening: known ? 0 : oneMoreEach(own) };
  });
  return {
    seeds: seeds.map(({ widening: _widening, ...seed }) => seed),
    seconds: wallSeconds(
      seeds.map(({ seconds }) => seconds),
      jobs,
    ),
    secondsIfWidened: wallSeconds(
      seeds.map(({ seconds, widening }) => seconds + widening),
      jobs,
    ),
  };
}

/** When the last of some processes ends, each of which takes the longest work that nobody has begun. */
export function wallSeconds(works: readonly number[], jobs: number): number {
  const busy = Array.from({ length: jobs }, () => 0);
  for (const work of [...works].sort((a, b) => b - a)) {
    const at = busy.indexOf(Math.min(...busy));
    busy[at] = (busy[at] ?? 0) + work;
  }
  return Math.max(...busy);
}

function secondsOf(stages: readonly PlannedStage[]): number {
  return stages.reduce((sum, { cached, estimatedSeconds }) => sum + (cached ? 0 : estimatedSeconds), 0);
}

/** Of one more candidate for each arm. */
function oneMoreEach(stages: readonly PlannedStage[]): number {
  const tried = stages.filter(({ role }) => role === "candidate" || role === "validation");
  const byArm = Map.groupBy(tried, ({ product }) => product);
  let seconds = 0;
  for (const own of byArm.values()) {
    const nCandidates = own.filter(({ role }) => role === "candidate").length;
    seconds += own.reduce((sum, { estimatedSeconds }) => sum + estimatedSeconds, 0) / nCandidates;
  }
  return seconds;
}
