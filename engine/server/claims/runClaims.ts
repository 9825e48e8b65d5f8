import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunConfig } from "../../config/index.ts";
import { CLAIMS_FORMS } from "../../evaluation/claims/forms.ts";
import type { SeedEvidence } from "../../evaluation/claims/evidence.ts";
import { type ClaimRoles, type SeedRequest, knownEvidence } from "../../pipeline/claims/index.ts";
import { claimsFolder } from "../../storage/formats/claimSeed.ts";
import { type Place, placeBelow } from "../../storage/places.ts";
import { makeFolderAt, writeAt } from "../../storage/writing.ts";
import { SeedError } from "../errors.ts";
import { type AttachedProcess, lastWords, startAttached } from "../launch.ts";
import type { SeedAnswer, SeedOrder, SeedProgress } from "./messages.ts";

/** The main file of a seed's process, which lies beside this one, as source or bundled. */
const MAIN = fileURLToPath(new URL(`./claimsSeed${extname(import.meta.url)}`, import.meta.url));

/** Claims to be measured. */
export interface ClaimsRequest {
  readonly config: RunConfig;
  readonly configFile: string;
  readonly roles: ClaimRoles;
  /** Processes at a time, each of which measures one base seed. */
  readonly jobs: number;
  /** Asks for a graceful stop: what is under way is saved. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ClaimsProgress) => void;
}

/** How far all of it is. */
export interface ClaimsProgress {
  readonly nSeeds: number;
  readonly nDone: number;
  /** Of what was left at the start, 0 to 1; less again where a list of β is widened. */
  readonly fraction: number;
  /** By the present run of each seed in work; absent until some of these is done. */
  readonly secondsLeft?: number;
  /** The stage that each seed in work is at. */
  readonly working: readonly { readonly seed: number; readonly stage: string }[];
}

/** The outcome; of claims that were stopped, of the seeds that are finished. */
export interface ClaimsOutcome {
  readonly status: "finished" | "stopped";
  /** In the order of the config. */
  readonly evidence: readonly SeedEvidence[];
  /** Where the tables are, in every form. */
  readonly folder: string;
}

/**
 * Measures every base seed of a config that has not been measured, several at a time in processes of their own, and
 * writes the tables. Finished seeds are kept whatever happens.
 *
 * @throws {SeedError} with the words of the first that fails; the others are stopped and have saved what they had.
 */
export async function runClaims(request: ClaimsRequest): Promise<ClaimsOutcome> {
  const { config, configFile, roles, signal } = request;
  const runsRoot = config.runtime.directory;
  const requests = config.seeds.map((seed) => ({ config, configFile, runsRoot, roles, seed }));
  const evidence = new Map<number, SeedEvidence>();
  for (const one of requests) {
    const known = await knownEvidence(one);
    if (known !== undefined) evidence.set(one.seed, known);
  }
  const left = requests.filter(({ seed }) => !evidence.has(seed));
  const folder = placeBelow(runsRoot, claimsFolder(config.name));
  await makeFolderAt(folder);
  const view = new Progress(request, left.length);
  const failure = new AbortController();
  const waiting = left.values();
  const stopping = AbortSignal.any([signal, failure.signal]);
  const work = async (): Promise<void> => {
    for (const one of waiting) {
      if (stopping.aborted) return;
      const { seed } = one;
      const end = await inProcess(one, {
        signal: stopping,
        log: placeBelow(runsRoot, `${claimsFolder(config.name)}/seed-${seed}.log`),
        onProgress: (progress) => view.working(seed, progress),
      }).catch((error: unknown) => {
        failure.abort();
        throw error;
      });
      view.done(seed);
      if (end === "stopped") return;
      const measured = await knownEvidence(one);
      if (measured === undefined)
        throw new SeedError(seed, "what it measured is gone, or the config's data changed meanwhile");
      evidence.set(seed, measured);
      view.show(evidence.size);
    }
  };
  view.show(evidence.size);
  const ends = await Promise.allSettled(Array.from({ length: Math.min(request.jobs, left.length) }, work));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason as Error;
  const all = requests.flatMap(({ seed }) => evidence.get(seed) ?? []);
  const status = all.length < requests.length ? "stopped" : "finished";
  if (status === "finished") await writeForms(folder, all);
  return { status, evidence: all, folder: folder.file };
}

async function writeForms({ root, file }: Place, evidence: readonly SeedEvidence[]): Promise<void> {
  for (const { extension, render } of CLAIMS_FORMS) {
    await writeAt({ root, file: `${file}/claims${extension}` }, render(evidence));
  }
}

interface ProcessSettings {
  readonly signal: AbortSignal;
  readonly log: Place;
  readonly onProgress: (progress: SeedProgress) => void;
}

/** Has a process measure a base seed. @throws {SeedError} when it cannot, or dies. */
async function inProcess(
  request: SeedRequest,
  { signal, log, onProgress }: ProcessSettings,
): Promise<"measured" | "stopped"> {
  const child = await startAttached(MAIN, log);
  const { promise, resolve, reject } = Promise.withResolvers<"measured" | "stopped">();
  let end: Exclude<SeedAnswer, { readonly kind: "progress" }> | undefined;
  child.on("message", (answer: SeedAnswer) => {
    if (answer.kind === "progress") onProgress(answer);
    else end = answer;
  });
  child.once("error", (cause) => reject(new SeedError(request.seed, `its process does not start: ${cause.message}`)));
  // Not before it has ended: it holds the run until then.
  child.once("close", (code, died) => {
    if (end?.kind === "failed") reject(new SeedError(request.seed, end.message));
    else if (end !== undefined) resolve(end.kind);
    else void reportDeath(request.seed, { how: died ?? `exit code ${code ?? "unknown"}`, log }).catch(reject);
  });
  const stop = (): void => order(child, { kind: "stop" });
  signal.addEventListener("abort", stop);
  order(child, { kind: "measure", request });
  if (signal.aborted) stop();
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function reportDeath(seed: number, { how, log }: { readonly how: string; readonly log: Place }): Promise<never> {
  throw new SeedError(seed, `its process died (${how}); its last words: ${await lastWords(log)}`);
}

/** A process that has ended needs no order: its end is seen elsewhere. */
function order(child: AttachedProcess, message: SeedOrder): void {
  if (child.connected) child.send(message, () => undefined);
}

/** Adds up how far the seeds are. */
class Progress {
  private readonly request: ClaimsRequest;
  private readonly nLeft: number;
  private readonly current = new Map<number, SeedProgress & { readonly began: number }>();
  /** Of the seeds that are finished. */
  private readonly seconds: number[] = [];

  constructor(request: ClaimsRequest, nLeft: number) {
    this.request = request;
    this.nLeft = nLeft;
  }

  working(seed: number, progress: SeedProgress): void {
    const began = this.current.get(seed)?.began ?? performance.now();
    this.current.set(seed, { ...progress, began });
    this.show(this.request.config.seeds.length - this.nLeft + this.seconds.length);
  }

  done(seed: number): void {
    const { began = performance.now() } = this.current.get(seed) ?? {};
    this.seconds.push((performance.now() - began) / 1000);
    this.current.delete(seed);
  }

  show(nDone: number): void {
    const partly = sum([...this.current.values()].map(({ fraction }) => fraction));
    const secondsLeft = this.secondsLeft();
    this.request.onProgress({
      nSeeds: this.request.config.seeds.length,
      nDone,
      fraction: this.nLeft === 0 ? 1 : (this.seconds.length + partly) / this.nLeft,
      ...(secondsLeft !== undefined && { secondsLeft }),
      working: [...this.current].map(([seed, { stage }]) => ({ seed, stage })),
    });
  }

  /** Seeds that wait take as long as those that are finished, or as those in work are going to take. */
  private secondsLeft(): number | undefined {
    const working = [...this.current.values()];
    const left = working.map(({ secondsLeft = NaN }) => secondsLeft);
    const whole = working.map(({ began }, at) => (performance.now() - began) / 1000 + (left[at] ?? 0));
    const known = this.seconds.length > 0 ? this.seconds : whole;
    const nWaiting = this.nLeft - this.seconds.length - working.length;
    const waiting = nWaiting === 0 ? 0 : (nWaiting * sum(known)) / known.length;
    const lanes = Math.min(this.request.jobs, this.nLeft);
    const seconds = Math.max(0, ...left, (sum(left) + waiting) / lanes);
    return Number.isFinite(seconds) ? seconds : undefined;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
