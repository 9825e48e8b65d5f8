import { stageNames } from "../protocol/stageName.ts";
import { makesModel } from "../protocol/stages.ts";
import type { VerifiedArtifact, VerifyOutput } from "../protocol/toolOutput.ts";
import type { Artifacts } from "./artifacts.ts";
import { type Lineage, type RunUse, type Suspicion, doubtful, readLineage } from "./lineage.ts";
import { DamagedArtifact } from "./manifest.ts";
import type { ReadProgress } from "./verified.ts";

/** Artifacts to verify, and how that is reported. */
export interface VerifySettings {
  /** Id of the run whose artifacts are checked; all of the folder when left out. */
  readonly run?: string | undefined;
  readonly signal: AbortSignal;
  /** Called while an artifact is read. */
  readonly progress?: (key: string, ...bytes: Parameters<ReadProgress>) => void;
}

/**
 * Reads every byte of the artifacts of a run, or of a folder, and finds which results descend from damaged ones.
 * Nothing is changed; the next run that needs a damaged artifact makes it again.
 *
 * @throws {DiskError}
 * @throws the signal's reason when it is aborted.
 */
export async function verifyArtifacts(artifacts: Artifacts, settings: VerifySettings): Promise<VerifyOutput> {
  const lineage = await readLineage(artifacts);
  const runs = lineage.runs.filter(({ run }) => settings.run === undefined || run === settings.run);
  const keys = settings.run === undefined ? finishedKeys(lineage) : withAncestors(keysOf(runs), lineage);
  const checked = new Map<string, VerifiedArtifact>();
  const damages: Suspicion[] = [];
  for (const key of [...keys].sort()) {
    settings.signal.throwIfAborted();
    const { finding, since } = await verify(artifacts, key, lineage, settings);
    checked.set(key, { key, stages: stagesOf(key, runs), ...finding });
    if (since !== undefined) damages.push({ key, since });
  }
  for (const [key, from] of doubtful(lineage, damages)) {
    const found = checked.get(key);
    if (found !== undefined && found.state !== "damaged")
      checked.set(key, { ...found, state: "doubtful", from: [from] });
  }
  const since = new Map(damages.map((damage) => [damage.key, damage.since]));
  const affected = runs
    .map((run) => affectedResults(run, checked, since))
    .filter(({ models, answers, judgments }) => [models, answers, judgments].some(({ length }) => length > 0));
  const setAside = (await artifacts.names()).filter((name) => name.includes(".damaged-")).sort();
  const ok = [...checked.values()].every(({ state }) => state !== "damaged" && state !== "doubtful");
  return { ok, artifacts: [...checked.values()], affected, setAside };
}

interface Verified {
  readonly finding: Omit<VerifiedArtifact, "key" | "stages">;
  /** Of what is damaged, or stands in doubt: the last moment at which it is known to have been whole. */
  readonly since?: number;
}

async function verify(
  artifacts: Artifacts,
  key: string,
  lineage: Lineage,
  { progress, signal }: VerifySettings,
): Promise<Verified> {
  if (lineage.artifacts.get(key)?.isFinished !== true) return { finding: { state: "missing" } };
  try {
    await artifacts.verify(key, (...bytes) => {
      signal.throwIfAborted();
      progress?.(key, ...bytes);
    });
  } catch (error) {
    if (!(error instanceof DamagedArtifact)) throw error;
    const { file, defect, since, from } = error;
    if (from === undefined) return { finding: { state: "damaged", file, defect }, since };
    return { finding: { state: "doubtful", from: [from] }, since };
  }
  const changed = changedInputs(key, lineage);
  return { finding: changed.length === 0 ? { state: "whole" } : { state: "outdated", from: changed } };
}

/** Keys of the artifacts that one was computed from and that have other content now. */
function changedInputs(key: string, { artifacts }: Lineage): readonly string[] {
  const inputs = [...(artifacts.get(key)?.inputs ?? [])];
  const isChanged = (now: string | undefined, used: string | undefined): boolean =>
    now !== undefined && used !== undefined && now !== used;
  return inputs.filter(([input, used]) => isChanged(artifacts.get(input)?.digest, used)).map(([input]) => input);
}

function finishedKeys({ artifacts }: Lineage): readonly string[] {
  return [...artifacts].filter(([, { isFinished }]) => isFinished).map(([key]) => key);
}

function keysOf(runs: readonly RunUse[]): ReadonlySet<string> {
  return new Set(runs.flatMap(({ stages }) => stages.map(({ key }) => key)));
}

function withAncestors(keys: ReadonlySet<string>, { artifacts }: Lineage): ReadonlySet<string> {
  const all = new Set(keys);
  // A set's iteration comes to what is added meanwhile.
  for (const key of all) for (const input of artifacts.get(key)?.inputs.keys() ?? []) all.add(input);
  return all;
}

/** Names of the stages that made or took an artifact: "tiny-1: salsa on inDistribution". */
function stagesOf(key: string, runs: readonly RunUse[]): readonly string[] {
  return runs.flatMap(({ run, stages }) => {
    const nameOf = stageNames(stages);
    return stages.filter((stage) => stage.key === key).map(({ id }) => `${run}: ${nameOf(id)}`);
  });
}

/** The results of a run that are damaged or in doubt. Tables are those that were written since. */
function affectedResults(
  { run, stages, tables, updated }: RunUse,
  checked: ReadonlyMap<string, VerifiedArtifact>,
  since: ReadonlyMap<string, number>,
): VerifyOutput["affected"][number] {
  const bad = stages.filter(({ key }) => ["damaged", "doubtful"].includes(checked.get(key)?.state ?? ""));
  const nameOf = stageNames(stages);
  const names = (holds: (stage: RunUse["stages"][number]) => boolean): readonly string[] =>
    bad.filter(holds).map(({ id }) => nameOf(id));
  const isLater = ({ key }: RunUse["stages"][number]): boolean =>
    checked.get(key)?.state === "doubtful" || updated > (since.get(key) ?? 0);
  const isTabled = bad.some((stage) => ["answers", "judgments"].includes(stage.kind) && isLater(stage));
  return {
    run,
    models: names(makesModel),
    answers: names(({ kind }) => kind === "answers"),
    judgments: names(({ kind }) => kind === "judgments"),
    tables: isTabled ? tables : [],
  };
}
