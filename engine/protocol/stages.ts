import * as z from "zod";
import { MOST_INPUTS } from "./limits.ts";
import { name } from "./texts.ts";

/**
 * A stage of a run as data: names for people are made of it at the edge (`stageName`), and nobody takes one apart.
 */
export const stageInfoSchema = z.strictObject({
  /** Unique within the run; events, samples and curves name the stage by it. */
  id: name,
  /** Kind of work, as artifact keys begin: "sft", "rlhf", "answers". */
  kind: name,
  /** Kind of work for people, in English: "Supervised fine-tuning". */
  title: name,
  /** Base seed. */
  seed: z.int().optional(),
  /** The product it works for, by its name in the config: "sft-1", "soup", "salsa", "reward"; of a comparison the first model. */
  product: name,
  /**
   * "result": what the config asks for. "candidate": one of several trainings, of which one becomes the product.
   * "validation": measures a candidate.
   */
  role: z.enum(["result", "candidate", "validation"]),
  /** Of a candidate, and of the stages that measure it. */
  beta: z.number().optional(),
  /** Of a part of an arm's training, and of the stages that measure it: the rung of successive halving that it leads to. */
  rung: z.int().min(1).optional(),
  /** Prompts that are answered or judged. */
  benchmark: name.optional(),
  /** The other model of a comparison. */
  opponent: name.optional(),
  /** A checkpoint, or records such as answers. Logs from before 2026-12 do not say. */
  makes: z.enum(["model", "records"]).optional(),
  /** Ids of the stages whose results it is made from. */
  inputs: z.array(name).max(MOST_INPUTS),
});

/** A stage of a run as data. */
export type StageInfo = z.output<typeof stageInfoSchema>;

/** Kinds of stages that made records when logs did not say. */
const RECORDS: ReadonlySet<string> = new Set(["answers", "judgments", "preferences"]);

/** True if the result of a stage is a checkpoint. */
export function makesModel({ kind, makes }: Pick<StageInfo, "kind" | "makes">): boolean {
  return makes === undefined ? !RECORDS.has(kind) : makes === "model";
}
