import type { Backend, HostArray } from "../compute/backend.ts";
import type { RunConfig } from "../config/index.ts";
import type { EventBody } from "../protocol/events.ts";
import type { Json } from "../storage/json.ts";

/** A finished stage's result: a folder that never changes, named by what made it. */
export interface Artifact {
  /** `<stage>-<start of the hash of stage, version, settings and inputs>`. */
  readonly key: string;
  /** What people call it in this run: "sft-1", "salsa". */
  readonly name: string;
  readonly folder: string;
}

/** What a stage is made from: artifacts of earlier stages, and plain values. All of it is part of the result's key. */
export type StageInput = Readonly<Record<string, Json | Artifact | readonly Artifact[] | undefined>>;

/** A stage's state in the middle of its work. */
export interface Snapshot {
  /** Steps done. */
  readonly step: number;
  readonly json: Json;
  /** f32 arrays by name. */
  readonly tensors: Readonly<Record<string, HostArray>>;
}

/** What a running stage has at hand. */
export interface StageContext {
  readonly config: RunConfig;
  /** What people call the result. */
  readonly name: string;
  readonly backend: Backend;
  /** Where the result is written; becomes the artifact when the stage returns. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly report: (event: EventBody) => void;
  /** Notes a rollout for people to read. */
  readonly sample: (record: Json) => void;
  /** The newest whole snapshot of an interrupted attempt at this very stage. */
  readonly restore: () => Promise<Snapshot | undefined>;
  /** Replaces the snapshot, all or nothing. */
  readonly save: (snapshot: Snapshot) => Promise<void>;
}

/** One stage of the recipe; its result depends on settings, inputs and backend, and on nothing else. */
export interface Stage<I extends StageInput> {
  readonly name: string;
  /** For people: "Supervised fine-tuning". */
  readonly title: string;
  /** To be raised whenever the same inputs would give another result. */
  readonly version: number;
  /** The part of the config that changes the result. */
  settings(config: RunConfig): Json;
  run(context: StageContext, input: I): Promise<void>;
}

/** Executes a recipe's steps, or only lists them. */
export interface Steps {
  readonly config: RunConfig;
  step<I extends StageInput>(stage: Stage<I>, input: I, name: string): Promise<Artifact>;
  /** A folder that was there before, such as the base checkpoint. */
  external(folder: string, name: string): Promise<Artifact>;
  /** What stands for a data file's content in the keys of what is made from it. */
  fingerprint(file: string): Promise<string>;
}

/** A run was asked to stop and its state is saved: neither an error nor a result. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Everything that could change a byte of a stage's result. */
export function stageIdentity<I extends StageInput>(stage: Stage<I>, input: I, config: RunConfig): Json {
  return {
    version: stage.version,
    backend: config.runtime.backend,
    settings: stage.settings(config),
    inputs: Object.fromEntries(Object.entries(input).map(([name, value]) => [name, identityOf(value)])),
  };
}

function identityOf(value: StageInput[string]): Json {
  if (value === undefined) return null;
  if (isArtifact(value)) return value.key;
  if (Array.isArray(value) && value.every(isArtifact)) return value.map(({ key }) => key);
  return value as Json;
}

function isArtifact(value: unknown): value is Artifact {
  return typeof value === "object" && value !== null && "folder" in value && "key" in value;
}
