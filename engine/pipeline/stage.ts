import type * as z from "zod";
import type { Backend } from "../compute/backend.ts";
import type { WeightType } from "../compute/graph/dtype.ts";
import type { Recomputation } from "../compute/graph/recompute.ts";
import type { RunConfig } from "../config/index.ts";
import type { FetchedTensor, ModelConfig } from "../models/index.ts";
import type { RunEvent } from "../protocol/events.ts";
import type { MemoryByRole } from "../common/memory.ts";
import type { SingleJudgment } from "../evaluation/fastchat/records.ts";
import type { ComparisonRecord } from "../storage/formats/comparisons.ts";
import type { Json } from "../storage/json.ts";
import type { ModelDesk } from "./modelDesk.ts";
import type { SnapshotContent, SnapshotDraft } from "../storage/snapshots.ts";

/** A finished stage's result, or a checkpoint from outside: a folder that never changes, named by what made it. */
export interface Artifact {
  /** `<kind>-<start of the hash of revision, backend, slice and inputs>`. */
  readonly key: string;
  readonly folder: string;
  /** Its name in the config of this run: "sft-1", "salsa". Metrics are named by it; no result depends on it. */
  readonly product: string;
}

/** A data file that a stage reads. */
export interface DataFile {
  readonly path: string;
  /** SHA-256 of its bytes, hex, which stands for it in keys. */
  readonly fingerprint: string;
  /** Lines with something in them. */
  readonly rows: number;
  /** Bytes of the longest line. */
  readonly longestRow: number;
  /** Lines at its end that its source keeps back from training; absent where that says nothing of it. */
  readonly kept?: number;
}

/** One input of a stage, beside its slice of the config. Inputs are part of the result's key. */
export type StageInput = Artifact | readonly Artifact[] | DataFile | undefined;
export type StageInputs = Readonly<Record<string, StageInput>>;
export type NoInputs = Readonly<Record<string, undefined>>;

/** A stage's state in the middle of its work. */
export interface Snapshot<State = Json> {
  /** For messages. */
  readonly folder: string;
  /** Steps done. */
  readonly step: number;
  readonly json: State;
  /** f32 arrays by name. */
  readonly tensors: SnapshotContent["tensors"];
}

/** A stage's state to be saved, whose numbers may still be on the device. */
export interface Savepoint {
  readonly step: number;
  readonly json: Json;
  readonly tensors: ReadonlyMap<string, DraftTensor | FetchedTensor>;
}

type DraftTensor = SnapshotDraft["tensors"] extends ReadonlyMap<string, infer T> ? T : never;

/** An event of a stage about itself; the executor adds the stage's id. */
export type StageReport = WithoutStage<Extract<RunEvent, { readonly kind: "progress" | "metrics" | "alarm" | "note" }>>;
type WithoutStage<E> = E extends unknown ? Omit<E, "stage" | "time" | "sequence"> : never;

/** How a stage works: how often it saves and records, and what it keeps in memory. Changes no result. */
export interface Pace {
  /** Optimizer steps between snapshots. */
  readonly checkpointEvery: number;
  /** Optimizer steps between recorded metrics. */
  readonly metricsEvery: number;
  /** The backward pass computes the blocks of a model again, rather than keeping what they computed. */
  readonly gradientCheckpointing: boolean;
}

/** Work that a training step does twice. */
export function recomputationOf({ gradientCheckpointing }: Pick<Pace, "gradientCheckpointing">): Recomputation {
  return gradientCheckpointing ? "blocks" : "cheap";
}

/** Everything a stage works with that computes on a device, but its slice of the config and its inputs. */
export interface StageContext extends HostContext {
  readonly backend: Backend;
}

/** Everything a running stage works with beside a device, its slice of the config and its inputs. */
export interface HostContext {
  /** For messages: "salsa (β 0.1)". */
  readonly name: string;
  /** Where the result is written; becomes the artifact when the stage returns. */
  readonly folder: string;
  /** Survives an interruption, for files that grow as the stage works; goes when the stage is finished. */
  readonly workspace: string;
  readonly pace: Pace;
  /** Language models behind servers; absent where the config names none. */
  readonly models?: ModelDesk;
  readonly signal: AbortSignal;
  readonly report: (event: StageReport) => void;
  /** Keeps a rollout for people to read. */
  readonly sample: (record: Readonly<Record<string, Json>>) => void;
  /**
   * The newest whole snapshot of an interrupted attempt at this very stage.
   * @throws {CheckpointError} when it was damaged on disk, or its JSON is not of that form.
   */
  readonly restore: <State>(form: z.ZodType<State>) => Promise<Snapshot<State> | undefined>;
  /** Replaces the snapshot, all or nothing; what it is given besides tensors is taken as it is at the call. */
  readonly save: (savepoint: Savepoint) => Promise<void>;
}

/** Memory and work of a stage, estimated before it runs. */
export interface Cost {
  /** Weights it trains or reads. */
  readonly parameters: number;
  /** Memory of models at its peak, device and host, bytes. */
  readonly memoryBytes: number;
  /** The same by what it is for; absent where that is not known. */
  readonly memoryByRole?: MemoryByRole;
  /** Memory of a card at its peak, where the stage runs on one: without what the host holds, bytes. */
  readonly cardBytes: number;
  /** Of the host beside that, where it trains on a card: savepoints are written from copies there. */
  readonly savepointBytes?: number;
  /** Floating-point operations of its matrix products. */
  readonly flops: number;
}

/** Facts that costs are estimated from, beside the stage's slice. */
export interface CostFacts {
  /** The shape of the run's models. */
  readonly model: ModelConfig;
  /** Data files among the inputs, by the input's name. */
  readonly files: Readonly<Record<string, DataFile>>;
  /** Artifacts among each input: 1, or the length of the list. */
  readonly counts: Readonly<Record<string, number>>;
  /** Work that training steps do twice. */
  readonly recomputation: Recomputation;
  /** Precision that models compute with; f32 unless given. */
  readonly precision?: WeightType;
  /** How the run's checkpoints hold weights, and so the stages that read them; f32 unless given. */
  readonly stored?: WeightType;
}

/**
 * One kind of work of the recipe. Its result depends on its slice of the config, its inputs, the backend, and on
 * nothing else: it sees nothing else.
 *
 * `Of` says which of the config's products it works for, `Slice` is plain data.
 */
export type Stage<Of, Slice extends object, Inputs extends StageInputs> = DescribedStage<Of, Slice> &
  Work<Slice, Inputs>;

interface DescribedStage<Of, Slice extends object> {
  /** Begins the keys of its results: letters, digits and dashes. */
  readonly kind: string;
  /** For people: "Supervised fine-tuning". */
  readonly title: string;
  /** A checkpoint, or records. */
  readonly makes: "model" | "records";
  /** Path of the setting that its memory grows with, where it trains: `["sft", "batchSize"]`. */
  readonly batchSetting?: readonly string[];
  /** It takes those of its inputs that are there, where successive halving has dropped others. */
  readonly takesDropped?: true;
  /** To be raised whenever the same slice and inputs would give another result. */
  readonly revision: number;
  /** Everything of the config that the result depends on, seeds included. */
  select(config: RunConfig, of: Of): Slice;
  cost(slice: Slice, facts: CostFacts): Cost;
}

/** The work of a stage, on a device, or beside those that compute: no device is waited for or opened for it. */
type Work<Slice, Inputs> =
  | { readonly usesDevice: true; run(context: StageContext, slice: Slice, inputs: Inputs): Promise<void> }
  | { readonly usesDevice: false; run(context: HostContext, slice: Slice, inputs: Inputs): Promise<void> };

/** A run was asked to stop and its state is saved: neither an error nor a result. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** The budget is spent: the run stops, and what was judged so far is in its table. */
export class OutOfBudget extends Stopped {
  /** Folder that the artifact of the stage at work would have; set by the executor. */
  readonly folder: string | undefined;
  /** Comparisons whose games were both played, of that stage. */
  readonly comparisons: readonly ComparisonRecord[];
  /** Grades of their answers, where the judge gives grades. */
  readonly grades: readonly SingleJudgment[];
  /** Comparisons that were to be made. */
  readonly nPairs: number;

  constructor(
    message: string,
    found: Pick<OutOfBudget, "comparisons" | "nPairs"> & Partial<Pick<OutOfBudget, "grades" | "folder">>,
  ) {
    super(message);
    this.folder = found.folder;
    this.comparisons = found.comparisons;
    this.grades = found.grades ?? [];
    this.nPairs = found.nPairs;
  }
}

/** @throws {Stopped} when the run was asked to stop and the stage has nothing to save. */
export function stopIfAsked({ signal, name }: Pick<StageContext, "signal" | "name">): void {
  if (signal.aborted) throw new Stopped(`${name}: stopped; it starts over when the run goes on`);
}

/** The JSON form of plain data: a copy without undefined values. */
export function jsonOf(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
