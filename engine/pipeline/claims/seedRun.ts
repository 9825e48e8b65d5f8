import { setTimeout } from "node:timers/promises";
import type { RunConfig } from "../../config/index.ts";
import type { SeedEvidence } from "../../evaluation/claims/evidence.ts";
import type { RunEvent } from "../../protocol/events.ts";
import { claimsFolder, readClaimSeed, writeClaimSeed } from "../../storage/formats/claimSeed.ts";
import { stableHash } from "../../storage/json.ts";
import { listRuns, runPath } from "../../storage/runFolder.ts";
import { readRun, runPipeline } from "../run.ts";
import { Stopped, jsonOf } from "../stage.ts";
import { MOST_WIDENINGS, isInside, widened } from "./grid.ts";
import { type ClaimRoles, armNames } from "./roles.ts";
import { type BetaLists, claimsConfig, writtenBetas } from "./seedConfig.ts";
import { seedResults } from "./seedResults.ts";

/** A base seed's part of the claims. */
export interface SeedRequest {
  /** As the user wrote it. */
  readonly config: RunConfig;
  readonly configFile: string;
  /** The folder of runs and artifacts: `.salsa`. */
  readonly runsRoot: string;
  readonly roles: ClaimRoles;
  readonly seed: number;
}

/** How a base seed's part is worked on. */
export interface SeedWork {
  readonly signal: AbortSignal;
  readonly report: (event: RunEvent) => void;
  /** Folder of this user's on this machine, where its runs take turns to ask a cluster. */
  readonly machineFolder?: string;
}

/**
 * Result of a base seed, where it has been measured and nothing that it depends on has changed since.
 * @throws {DataError} when the file is damaged.
 */
export async function knownEvidence({ config, runsRoot, roles, seed }: SeedRequest): Promise<SeedEvidence | undefined> {
  const kept = await readClaimSeed(runsRoot, claimsFolder(config.name), seed);
  if (kept === undefined) return undefined;
  if (!isWidening(writtenBetas(config, roles), kept.betas)) return undefined;
  const asked = claimsConfig(config, { roles, betas: kept.betas, seeds: [seed] });
  const computed = config.runtime.cluster && kept.backend;
  return (await seedResults(asked, runsRoot, computed)).key === kept.key ? kept.evidence : undefined;
}

/**
 * Measures a base seed by ordinary runs: one, and another for each time that a list of β has to be widened, of which only
 * the added candidates are computed. Keeps the result.
 *
 * @throws {Stopped} when the signal is aborted, after the work under way has been saved.
 * @throws the errors of stages.
 */
export async function measureSeed(request: SeedRequest, work: SeedWork): Promise<SeedEvidence> {
  const { config, configFile, runsRoot, roles, seed } = request;
  const { signal } = work;
  let betas = writtenBetas(config, roles);
  for (let round = 0; ; round++) {
    const asked = claimsConfig(config, { roles, betas, seeds: [seed] });
    const resume = await unfinishedRun(runsRoot, asked, signal);
    const about = { config: asked, configFile, runsRoot, ...work, ...(resume !== undefined && { resume }) };
    const { status, backend } = await runPipeline(about);
    if (status === "stopped") throw new Stopped(`seed ${seed}: stopped`);
    const results = await seedResults(asked, runsRoot, backend);
    const wider: Record<string, readonly number[]> = {};
    for (const arm of armNames(roles)) {
      const { chosen } = await results.choice(arm);
      const tried = betas[arm] ?? [];
      if (round < MOST_WIDENINGS && !isInside(tried, chosen)) wider[arm] = widened(tried, chosen);
    }
    if (Object.keys(wider).length > 0) {
      betas = { ...betas, ...wider };
      continue;
    }
    const evidence = await results.evidence(roles);
    const where = config.runtime.cluster && backend && { backend };
    await writeClaimSeed(runsRoot, claimsFolder(config.name), { key: results.key, betas, evidence, ...where });
    return evidence;
  }
}

/** True if the lists are those that are written, with candidates added to some. */
function isWidening(written: BetaLists, kept: BetaLists): boolean {
  return Object.entries(written).every(([arm, list]) => list.every((beta) => kept[arm]?.includes(beta) === true));
}

/** Milliseconds between two looks at whether another process has let go of a run. */
const POLL_MS = 250;

/**
 * The last run of this very config, where it was killed or stopped: it is resumed, so that the list of runs has each once.
 * A process whose starter was killed still finishes its step: it is waited for.
 *
 * @throws {Stopped}
 */
async function unfinishedRun(runsRoot: string, config: RunConfig, signal: AbortSignal): Promise<string | undefined> {
  const wanted = settingsOf(config);
  const own = (await listRuns(runsRoot)).filter((id) => numberIn(id, config.name) > 0);
  const last = own.sort((a, b) => numberIn(b, config.name) - numberIn(a, config.name))[0];
  if (last === undefined) return undefined;
  for (;;) {
    const known = await readRun(runPath(runsRoot, last)).catch(() => undefined); // one that was killed as it began
    if (known === undefined || settingsOf(known.config) !== wanted) return undefined;
    if (known.status !== "running") return known.status === "finished" ? undefined : last;
    if (signal.aborted) throw new Stopped(`${config.name}: not begun`);
    await setTimeout(POLL_MS);
  }
}

/** The number of a run of a name; 0 for one of another name. */
function numberIn(id: string, name: string): number {
  const number = id.startsWith(`${name}-`) ? id.slice(name.length + 1) : "";
  return /^\d+$/.test(number) ? Number(number) : 0;
}

/** Everything that results depend on. */
function settingsOf({ runtime: _runtime, ...settings }: RunConfig): string {
  return stableHash(jsonOf(settings));
}
