import { join, relative, sep } from "node:path";
import * as z from "zod";
import type { BackendIdentity } from "../../compute/backends/choose.ts";
import { DataError } from "../../protocol/errors.ts";
import { MOST_INPUTS } from "../../protocol/limits.ts";
import { stageInfoSchema } from "../../protocol/stages.ts";
import { type ArtifactKey, Artifacts } from "../../storage/artifacts.ts";
import { backendIdentitySchema } from "../../storage/formats/backendIdentity.ts";
import type { Json, JsonObject } from "../../storage/json.ts";
import type { ResolvedStage } from "../resolve.ts";
import { workOn } from "../recipe.ts";
import {
  type Artifact,
  type DataFile,
  type Pace,
  type Stage,
  type StageInput,
  type StageInputs,
  jsonOf,
} from "../stage.ts";
import * as stages from "../stages/index.ts";

/** Stages that other machines run, by the names that orders have for them. */
const ORDERED: ReadonlyMap<string, object> = new Map(Object.entries(stages).filter(([, { usesDevice }]) => usesDevice));

const count = z.int().min(0);
const text = z.string().max(4000);
/** A path below the root with slashes, wherever a machine sees the root. */
const place = text.refine((path) => !path.startsWith("/") && !path.split("/").includes(".."));

const artifactSchema = z.strictObject({ artifact: text, at: place, product: text });
const fileSchema = z.strictObject({
  ...{ at: place, fingerprint: text, rows: count, longestRow: count },
  kept: z.exactOptional(count),
});
const inputSchema = z.union([artifactSchema, fileSchema, z.array(artifactSchema).max(MOST_INPUTS), z.null()]);

const orderSchema = z.strictObject({
  /** Id of the job at Ray. */
  job: text,
  /** Id of the run, which the stage's record names as the maker. */
  run: text,
  stage: z.enum([...ORDERED.keys()]),
  info: stageInfoSchema,
  key: z.strictObject({ stage: text, hash: z.string().regex(/^[0-9a-f]{64}$/) }),
  slice: z.record(z.string(), z.unknown()),
  inputs: z.record(z.string().max(200), inputSchema),
  /** The arm's training up to a rung, whose savepoint the stage goes on from. */
  from: z.exactOptional(artifactSchema),
  backend: backendIdentitySchema,
  threads: count,
  pace: z.strictObject({
    checkpointEvery: count,
    metricsEvery: count,
    gradientCheckpointing: z.boolean(),
  }),
});

/** A stage to be made on another machine: all that its result depends on, with places below the shared folder. */
export type StageOrder = Readonly<z.output<typeof orderSchema>>;

/** Parts of an order beside the stage. */
export interface OrderSettings {
  /** The folder of runs and artifacts as this machine sees it; every input stands in it. */
  readonly root: string;
  readonly job: string;
  readonly run: string;
  readonly backend: BackendIdentity;
  readonly threads: number;
  readonly pace: Pace;
}

/** The order for a stage whose inputs are there. */
export function orderOf(stage: ResolvedStage, settings: OrderSettings): JsonObject {
  const { root, job, run, backend, threads, pace } = settings;
  const [name] = Array.from(ORDERED).find(([, definition]) => definition === stage.declared.definition) ?? [];
  if (name === undefined) throw new RangeError(`order: ${stage.info.kind} is missing in pipeline/stages/index.ts`);
  const inputs = Object.entries(stage.inputs).map(([key, input]) => [key, placed(input, root)] as const);
  const { checkpointEvery, metricsEvery, gradientCheckpointing } = pace;
  const order: StageOrder = {
    ...{ job, run, stage: name, info: stage.info, key: { ...stage.key } },
    slice: stage.declared.slice as JsonObject,
    inputs: Object.fromEntries(inputs),
    ...(stage.from && { from: placedArtifact(stage.from, root) }),
    backend: { ...backend },
    threads,
    pace: { checkpointEvery, metricsEvery, gradientCheckpointing },
  };
  return jsonOf(order) as JsonObject;
}

/** Reads an order. @throws {DataError} when it is none, or of another version of this program. */
export function readOrder(json: string, file: string): StageOrder {
  const remedy = "run the config again with the version that is to go on";
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new DataError("is no JSON", { file, remedy }, { cause });
  }
  const { success, data, error } = orderSchema.safeParse(value);
  if (success) return data;
  const field = error.issues[0]?.path.map(String).join(".") ?? "";
  throw new DataError(`does not fit this version (${field === "" ? "the whole" : field})`, { file, remedy });
}

/** The stage of an order, on a machine that sees the shared folder at `root`. */
export function stageOf({ info, stage, key, slice, inputs, from }: StageOrder, root: string): ResolvedStage {
  const artifactKey: ArtifactKey = key;
  const folder = new Artifacts(root).path(artifactKey);
  const artifact: Artifact = { key: relative(join(root, "artifacts"), folder), folder, product: info.product };
  const entries = Object.entries(inputs).map(([name, input]) => [name, found(input, root)] as const);
  // An order holds the slice as `select` gave it, to the very same program: the package is named by its content.
  const work = workOn(ORDERED.get(stage) as Stage<unknown, object, StageInputs>, slice);
  return {
    ...{ info, key: artifactKey, artifact, inputs: Object.fromEntries(entries) },
    ...(from && { from: foundArtifact(from, root) }),
    declared: { ...work, info, revision: 0, slice: slice as Json, inputs: {} },
  };
}

type Placed = z.output<typeof inputSchema>;

function placed(input: StageInput, root: string): Placed {
  if (input === undefined) return null;
  if ("fingerprint" in input) {
    const { path, ...facts } = input;
    return { at: below(root, path), ...facts };
  }
  return "key" in input ? placedArtifact(input, root) : input.map((one) => placedArtifact(one, root));
}

function placedArtifact({ key, folder, product }: Artifact, root: string): z.output<typeof artifactSchema> {
  return { artifact: key, at: below(root, folder), product };
}

const below = (root: string, path: string): string => relative(root, path).split(sep).join("/");

function foundArtifact({ artifact: key, at, product }: z.output<typeof artifactSchema>, root: string): Artifact {
  return { key, folder: join(root, ...at.split("/")), product };
}

function found(input: Placed, root: string): StageInput {
  if (input === null) return undefined;
  if (Array.isArray(input)) return input.map((one) => foundArtifact(one, root));
  if ("artifact" in input) return foundArtifact(input, root);
  const { at, ...facts } = input;
  return { path: join(root, ...at.split("/")), ...facts } satisfies DataFile;
}
