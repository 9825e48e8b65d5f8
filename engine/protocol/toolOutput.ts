import * as z from "zod";
import { TRAINER_NAMES } from "../config/trainer.ts";
import { clusterFactsSchema } from "./clusterFacts.ts";
import { MOST_SOURCES, plannedDataSchema } from "./dataCountsSchema.ts";
import { MessageError } from "./errors.ts";
import { MOST_STAGES } from "./limits.ts";
import { memoryByRoleSchema } from "./memoryRoles.ts";
import { shortfallSchema } from "./shortfallsSchema.ts";
import { stageInfoSchema } from "./stages.ts";
import { name } from "./texts.ts";

const bytes = z.number().min(0);

const cards = z.int().min(1);

/** The trainer of a stage of a run on a cluster, with the reason. */
const placementSchema = z.discriminatedUnion("trainer", [
  z.object({ trainer: z.literal("own"), reason: z.string() }),
  z.object({
    trainer: z.enum(TRAINER_NAMES),
    reason: z.string(),
    place: z.object({ nodes: cards, cardsPerNode: cards, tensorParallel: cards, offload: z.boolean() }),
  }),
  z.object({ trainer: z.literal("none"), reason: z.string(), remedy: z.string() }),
]);

/** A stage before it runs, with estimates of its cost. */
const plannedStageSchema = z.object({
  ...stageInfoSchema.shape,
  /** Content address of its result. */
  key: z.string(),
  /** The artifact is there already. */
  cached: z.boolean(),
  parameters: z.number().min(0),
  memoryBytes: bytes,
  /** The same by what it is for; absent where that is not known. */
  memoryByRole: memoryByRoleSchema.optional(),
  /** Of a card at its peak, where the stage runs on one. */
  cardBytes: bytes.optional(),
  /** Of the host beside that, for savepoints. */
  savepointBytes: bytes.optional(),
  estimatedSeconds: z.number().min(0),
  /** Its price while it is at work, on a cluster that has some. */
  pricePerHour: z.number().min(0).optional(),
  /** How many of the stages like it successive halving lets be made, 0 to 1; absent where all are. */
  share: z.number().min(0).max(1).optional(),
  /** Path of the setting that its memory grows with, where it trains: `["sft", "batchSize"]`. */
  batchSetting: z.array(name).readonly().optional(),
  placement: placementSchema.optional(),
  /** Where it is made, in a run on a cluster, for people. */
  runsOn: z.string().optional(),
});

/** Output of `salsa plan --json`, as far as our other programs read it. */
const planSchema = z.object({
  name: z.string(),
  /** The one that the run takes on this machine. */
  backend: z.object({
    name: z.string(),
    title: z.string(),
    device: z.string(),
    deviceName: z.string(),
    limits: z.object({ maxBytes: bytes.optional() }),
    /** Says why it is taken, for people. */
    reason: z.string(),
  }),
  /** How prompts are put to the base model, for people. */
  prompts: z.string().optional(),
  /** Remarks on the checkpoints, for people. */
  notes: z.array(z.string()).readonly().optional(),
  /** Which setting to change where a stage does not fit into memory, for people. */
  advice: z.string().optional(),
  stages: z.array(plannedStageSchema).max(MOST_STAGES).readonly(),
  /** Records of each source of data that is not used as it is. */
  data: z.array(plannedDataSchema).max(MOST_SOURCES).readonly().optional(),
  /** Settings that ask for more records than there are. */
  shortfalls: z.array(shortfallSchema).max(MOST_SOURCES).readonly().optional(),
  peakMemoryBytes: bytes,
  secondsLeft: z.number().min(0),
});

/** Output of `salsa doctor --json` and `salsa cluster --json`. */
const doctorSchema = z.object({
  ok: z.boolean(),
  findings: z
    .array(
      z.object({
        name: z.string(),
        /** "optional" is not there, and only some runs want it; "missing" is needed by all. */
        state: z.enum(["ok", "optional", "missing"]),
        detail: z.string(),
        /** How to get it, where it is missing. */
        remedy: z.string().optional(),
      }),
    )
    .readonly(),
  /** Of `salsa cluster`: what the cluster has, where it could be asked. */
  cluster: clusterFactsSchema.optional(),
});

/** A line of `salsa publish --json`: the card, the upload's progress, and its end. */
const publishSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("card"),
    /** The card's file. */
    card: z.string(),
    edited: z.boolean(),
    target: z.string(),
    public: z.boolean(),
    files: z.array(z.object({ path: z.string(), bytes, sha256: z.string() })).readonly(),
    unlisted: z.array(z.string()).readonly(),
    notes: z.array(z.string()).readonly(),
  }),
  z.object({
    kind: z.literal("upload"),
    doneBytes: bytes,
    totalBytes: bytes,
    secondsLeft: z.number().min(0).optional(),
  }),
  z.object({
    kind: z.literal("published"),
    url: z.string(),
    commit: z.string(),
    public: z.boolean(),
    /** Files that were there already, and stay. */
    kept: z.array(z.string()).readonly(),
  }),
]);

/** Output of `salsa fetch --json`, as far as the editor reads it. */
const fetchSchema = z.object({
  licence: z.string(),
  files: z.array(z.object({ file: z.string(), bytes })).readonly(),
  /** The benchmark's settings, for `data.benchmarks`. */
  config: z.record(z.string(), z.string()),
});

/** A stage of a plan. */
export type PlannedStage = z.output<typeof plannedStageSchema>;

/** A plan of a run. */
export type PlanOutput = z.output<typeof planSchema>;

/** Output of `salsa verify --json`. */
export interface VerifyOutput {
  /** Nothing is damaged, or was computed from something damaged. */
  readonly ok: boolean;
  readonly artifacts: readonly VerifiedArtifact[];
  /** Results that descend from damaged artifacts, by run; runs without any are left out. */
  readonly affected: readonly {
    readonly run: string;
    readonly models: readonly string[];
    readonly answers: readonly string[];
    readonly judgments: readonly string[];
    readonly tables: readonly string[];
  }[];
  /** Names of the damaged artifacts that runs have moved aside. */
  readonly setAside: readonly string[];
}

/** One artifact that `salsa verify` has looked at. */
export interface VerifiedArtifact {
  readonly key: string;
  /** Names of its stages, by run. */
  readonly stages: readonly string[];
  /**
   * "doubtful": computed from one that was or is damaged. "outdated": whole, and what it was computed from has other
   * content now. "missing": named by a run, and removed since.
   */
  readonly state: "whole" | "damaged" | "doubtful" | "outdated" | "missing";
  /** The file that is damaged, and its defect. */
  readonly file?: string | undefined;
  readonly defect?: string | undefined;
  /** Keys of the artifacts that put it in doubt, or have changed. */
  readonly from?: readonly string[] | undefined;
}

/** A line of `salsa publish`. */
export type PublishLine = z.output<typeof publishSchema>;

/** A model card that `salsa publish` has written. */
export type CardOutput = Extract<PublishLine, { readonly kind: "card" }>;

/** Findings of `salsa doctor` or `salsa cluster`. */
export type DoctorOutput = z.output<typeof doctorSchema>;

/** One of their findings. */
export type DoctorCheck = DoctorOutput["findings"][number];

/** Reads the object that `salsa plan --json` prints. @throws {MessageError} when it is another. */
export function readPlanOutput(printed: unknown): PlanOutput {
  const { success, data, error } = planSchema.safeParse(printed);
  if (success) return data;
  throw new MessageError(`read plan: ${z.prettifyError(error)}`);
}

/** Reads the object that `salsa fetch --json` prints. @throws {MessageError} when it is another. */
export function readFetchOutput(printed: unknown): z.output<typeof fetchSchema> {
  const { success, data, error } = fetchSchema.safeParse(printed);
  if (success) return data;
  throw new MessageError(`read fetch: ${z.prettifyError(error)}`);
}

/** Reads a line that `salsa doctor --json` or `salsa cluster --json` prints; undefined for another, such as that of an error. */
export function readDoctorOutput(printed: unknown): DoctorOutput | undefined {
  return doctorSchema.safeParse(printed).data;
}

/** Reads a line that `salsa publish --json` prints; undefined for another, such as that of an error. */
export function readPublishLine(printed: unknown): PublishLine | undefined {
  return publishSchema.safeParse(printed).data;
}
