import * as z from "zod";

/** A number in MT-Bench, a text in Arena-Hard. */
export type QuestionId = number | string;

/** A question of a benchmark as its file has it. */
export interface BenchmarkQuestion {
  /** Undefined where the benchmark has no ids: a question's place then stands for it. */
  readonly id?: QuestionId | undefined;
  readonly category?: string | undefined;
  /** The user's turns; an answer stands between two. */
  readonly turns: readonly string[];
}

/** A kind of benchmark: the form of its questions, and how they are answered. */
export interface BenchmarkKind {
  /** As configs write it. */
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  /** For the schema: what its file holds. */
  readonly description: string;
  /** Fields of a question, for remedies. */
  readonly fields: string;
  /** Most turns of a question. */
  readonly turns: 1 | 2;
  /** True if reference answers may be given in a file of their own, in the form of FastChat's answers. */
  readonly takesReferences: boolean;
  /** Reads a question; undefined where any layout of prompts will do. */
  readonly schemaOf?: (fields: Readonly<Record<string, unknown>>) => z.ZodType<BenchmarkQuestion>;
  /** True if the judge sees the references of questions of this category. */
  readonly usesReference?: (category: string | undefined) => boolean;
  /** The temperature that questions of a category are answered at; the config's unless given. */
  readonly temperature?: (category: string | undefined) => number;
  /** The judges' protocol that is its own tool's; FastChat's unless given. */
  readonly official?: "arenaHard";
  /** Part of a data set on the hub that is the benchmark. */
  readonly split?: string;
  /** Where it is published; absent where it is anybody's. */
  readonly published?: Published;
}

/** Files of a benchmark, as their authors publish them. */
export interface Published {
  readonly licence: string;
  readonly files: readonly PublishedFile[];
  /** Their settings in a config, below the name of the benchmark; paths are in their folder. */
  readonly config: Readonly<Record<string, string>>;
}

/** A file at a commit, which never changes. */
export interface PublishedFile {
  /** Its path in the folder that it is fetched into. */
  readonly file: string;
  readonly site: "github" | "hub";
  /** `owner/name`. */
  readonly repository: string;
  readonly commit: string;
  /** Its path there. */
  readonly path: string;
  /** Of its bytes, hex, and their number; undefined where they are first known when it is fetched. */
  readonly sha256?: string;
  readonly bytes?: number;
}

/** Longest id, in characters: it goes into every answer and judgment. */
const LONGEST_ID = 200;

export const questionId = z.union([z.number(), z.string().min(1).max(LONGEST_ID)], {
  error: "must be a number or a text",
});

/** A user's turn. */
export const said = z.string().regex(/\S/, { error: "must not be empty" });

/** A line of a file of reference answers, which is one of FastChat's `model_answer` files. */
export const referenceSchema = z.object({
  question_id: questionId,
  choices: z.array(z.object({ turns: z.array(said).min(1) })).min(1),
});
