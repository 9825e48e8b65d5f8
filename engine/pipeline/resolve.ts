import { basename } from "node:path";
import { type StagePlacement, isSent } from "../cluster/trainer/placement.ts";
import { identityOfTrainer } from "../cluster/trainer/trainer.ts";
import { trainerNamed } from "../cluster/trainers.ts";
import type { BackendIdentity } from "../compute/backends/choose.ts";
import type { Progress } from "../data/index.ts";
import type { StageInfo } from "../protocol/stages.ts";
import { type ArtifactKey, type Artifacts, artifactKey } from "../storage/artifacts.ts";
import type { Json } from "../storage/json.ts";
import { type ReadData, dataFileFacts, folderFingerprint, readData } from "./fingerprints.ts";
import type { ModelView } from "./modelView.ts";
import {
  ArtifactHandle,
  DataHandle,
  type DeclaredInput,
  type DeclaredStage,
  FileHandle,
  type Recipe,
  type RungGate,
} from "./recipe.ts";
import type { Artifact, CostFacts, DataFile, StageInput, StageInputs } from "./stage.ts";

/** A declared stage with the name of its result: known before anything runs, since keys hold ingredients only. */
export interface ResolvedStage {
  readonly info: StageInfo;
  readonly declared: DeclaredStage;
  readonly key: ArtifactKey;
  /** Its result, as later stages see it. */
  readonly artifact: Artifact;
  readonly inputs: StageInputs;
  readonly gate?: RungGate<Artifact>;
  /** The training up to a rung, whose savepoint it goes on from. */
  readonly from?: Artifact;
  /** Its trainer, in a run on a cluster; absent where nobody but this engine makes such a stage. */
  readonly placement?: StagePlacement;
}

/** A recipe whose every artifact has a name. */
export interface ResolvedRecipe {
  /** In the order of declaration. */
  readonly stages: readonly ResolvedStage[];
  /** Every source of data that a stage reads. */
  readonly data: readonly ReadData[];
  /** The artifact of a handle; it need not be there yet. */
  readonly artifactOf: (handle: ArtifactHandle) => Artifact;
}

/** The place of results, and the backend that computes them. */
export interface ResolveSettings {
  readonly artifacts: Artifacts;
  readonly backend: BackendIdentity;
  /** Chooses who trains a stage; this engine makes all of them unless given. */
  readonly placementOf?: ((stage: Omit<ResolvedStage, "key" | "artifact">) => StagePlacement | undefined) | undefined;
  /** Of the base model, by which records of sources are checked when they are prepared. */
  readonly view?: ModelView | undefined;
  /** Called with the progress of downloads, in words. */
  readonly progress?: Progress | undefined;
  /** Downloads nothing. */
  readonly isOffline?: boolean | undefined;
}

/**
 * Gives every stage its key: reads each data file once, and of checkpoints from outside their settings.
 *
 * @throws {DataError} naming a data file that cannot be read.
 * @throws {CheckpointError} naming a folder that is no checkpoint.
 */
export async function resolveRecipe(
  recipe: Recipe,
  { artifacts, backend, placementOf, view, progress, isOffline }: ResolveSettings,
): Promise<ResolvedRecipe> {
  const known = new Map<string, Artifact>();
  const sources = new Map<string, Promise<ReadData>>();
  const files = new Map<string, Promise<DataFile>>();
  const artifactOf = (handle: ArtifactHandle): Artifact => {
    const artifact = known.get(handle.id);
    if (artifact === undefined) throw new RangeError(`recipe: ${handle.id} is used before it is declared`);
    return { ...artifact, product: handle.product };
  };
  const fileOf = ({ path }: FileHandle): Promise<DataFile> => {
    const file = files.get(path) ?? dataFileFacts(path).then((facts) => ({ path, ...facts }));
    files.set(path, file);
    return file;
  };
  const dataOf = async ({ source, kind }: DataHandle): Promise<DataFile> => {
    const name = JSON.stringify([kind, source]);
    const read = sources.get(name) ?? readData(source, { kind, root: artifacts.root, view, progress, isOffline });
    sources.set(name, read);
    return (await read).file;
  };
  const resolve = async (input: DeclaredInput): Promise<StageInput> => {
    if (input instanceof FileHandle) return fileOf(input);
    if (input instanceof DataHandle) return dataOf(input);
    if (input instanceof ArtifactHandle) return artifactOf(input);
    return input?.map(artifactOf);
  };

  for (const [id, { checkpoint: folder, pinned }] of recipe.checkpoints) {
    known.set(id, { key: await folderFingerprint(folder, pinned), folder, product: id });
  }
  const stages: ResolvedStage[] = [];
  for (const declared of recipe.stages) {
    const { info, revision, slice } = declared;
    const inputs: Record<string, StageInput> = {};
    for (const [name, input] of Object.entries(declared.inputs)) inputs[name] = await resolve(input);
    const identities = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, identityOf(input)]));
    const placement = placementOf?.({ info, declared, inputs });
    const maker = isSent(placement) ? identityOfTrainer(trainerNamed(placement.trainer)) : backend;
    const ingredients: Json = { revision, backend: { ...maker }, slice, inputs: identities };
    const key = artifactKey(info.kind, ingredients);
    const folder = artifacts.path(key);
    const artifact: Artifact = { key: basename(folder), folder, product: info.product };
    known.set(info.id, artifact);
    const { gate: at } = declared;
    const gate = at && { ...at, verdict: artifactOf(at.verdict), from: artifactOf(at.from) };
    stages.push({
      info,
      declared,
      key,
      artifact,
      inputs,
      ...(gate && { gate, from: gate.from }),
      ...(placement && { placement }),
    });
  }
  return { stages, artifactOf, data: await Promise.all(sources.values()) };
}

/** True if a stage that uses a device has no artifact yet. */
export async function needsDevice({ stages }: Pick<ResolvedRecipe, "stages">, artifacts: Artifacts): Promise<boolean> {
  for (const { key, declared } of stages) if (declared.usesDevice && !(await artifacts.has(key))) return true;
  return false;
}

/** Keys of the artifacts among a stage's inputs. */
export function inputKeys(inputs: StageInputs): readonly string[] {
  return Object.values(inputs).flatMap((input) => {
    if (input === undefined || isDataFile(input)) return [];
    return isArtifact(input) ? [input.key] : input.map(({ key }) => key);
  });
}

/** The identity of an input in a key: never a path or a name. */
function identityOf(input: StageInput): Json {
  if (input === undefined) return null;
  if (isDataFile(input)) return input.fingerprint;
  if (isArtifact(input)) return input.key;
  return input.map(({ key }) => key);
}

/** Facts of a stage's inputs that its cost is estimated from. */
export function inputFacts(inputs: StageInputs): Pick<CostFacts, "files" | "counts"> {
  const entries = Object.entries(inputs);
  const files = entries.flatMap(([name, input]) =>
    input !== undefined && isDataFile(input) ? [[name, input] as const] : [],
  );
  const counts = entries.map(([name, input]) => [name, countOf(input)] as const);
  return { files: Object.fromEntries(files), counts: Object.fromEntries(counts) };
}

function countOf(input: StageInput): number {
  if (input === undefined || isDataFile(input)) return 0;
  return isArtifact(input) ? 1 : input.length;
}

function isDataFile(input: Exclude<StageInput, undefined>): input is DataFile {
  return "fingerprint" in input;
}

function isArtifact(input: Artifact | readonly Artifact[]): input is Artifact {
  return "key" in input;
}
