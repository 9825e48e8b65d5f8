import * as z from "zod";
import { MessageError } from "../../protocol/errors.ts";
import { LONGEST_NAME, LONGEST_TEXT } from "../../protocol/limits.ts";
import { answerSchema, questionSchema } from "../cluster/workerCheck.ts";

/** Most artifacts and inputs that a request names, and most files of one of them. */
const MOST = 100_000;
/** Longest path of a file within a folder that travels. */
const LONGEST_PATH = 1024;

const name = z.string().max(LONGEST_NAME);
const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A folder that travels, by its place below the folder of runs: named by its content, so that equal ones are sent once. */
const unit = z.string().regex(/^(artifacts|inputs|records)\/[A-Za-z0-9][A-Za-z0-9-]{0,200}$/);

/** A file within a folder: it may come from somebody else, and leads nowhere else. */
const path = z
  .string()
  .max(LONGEST_PATH)
  .refine((file) => !/[\\\0]/.test(file) && !file.split("/").some((part) => ["", ".", ".."].includes(part)));

const filePart = z.object({ unit, file: path, bytes: count });
const unitEnd = z.object({ unit, files: z.record(path, sha256) });

/** A file of a folder that travels; its content follows. */
export type FilePart = Readonly<z.output<typeof filePart>>;
/** The end of a folder that travels: all of its files, with their SHA-256. */
export type UnitEnd = Readonly<z.output<typeof unitEnd>>;

const requestSchema = z.discriminatedUnion("do", [
  z.object({ do: z.literal("describe"), question: questionSchema }),
  z.object({ do: z.literal("lacks"), units: z.array(unit).max(MOST) }),
  filePart.extend({ do: z.literal("file") }),
  unitEnd.extend({ do: z.literal("keep") }),
  z.object({ do: z.literal("run"), run: name, config: z.looseObject({}), configFile: z.string().max(LONGEST_TEXT) }),
  z.object({ do: z.literal("resume"), run: name }),
  z.object({
    do: z.literal("follow"),
    run: name,
    /** Number of the first event that is wanted, and offset of the first sample. */
    events: count,
    samples: count,
    /** Folders that are there already. */
    have: z.array(unit).max(MOST),
  }),
  z.object({ do: z.literal("fetch"), unit }),
  z.object({ do: z.literal("stop") }),
  z.object({ do: z.literal("ping") }),
]);

/** A request to the program on a host. */
export type HostRequest = Readonly<z.output<typeof requestSchema>>;

const replySchema = z.discriminatedUnion("re", [
  z.object({ re: z.literal("facts"), facts: answerSchema, root: z.string().max(LONGEST_TEXT) }),
  z.object({ re: z.literal("lacks"), units: z.array(unit).max(MOST) }),
  z.object({ re: z.literal("done") }),
  z.object({
    re: z.literal("started"),
    machine: z.object({ platform: name, cpu: name, memoryBytes: z.number().min(0), node: name }),
  }),
  filePart.extend({ re: z.literal("file") }),
  unitEnd.extend({ re: z.literal("keep") }),
  z.object({ re: z.literal("events"), bytes: count }),
  z.object({ re: z.literal("samples"), bytes: count }),
  /** A file of the run's folder, as a whole. */
  z.object({ re: z.literal("runFile"), file: path, bytes: count }),
  z.object({ re: z.literal("ended"), status: name, words: z.string() }),
  z.object({ re: z.literal("error"), error: name, message: z.string() }),
]);

/** A message of the program on a host. */
export type HostReply = Readonly<z.output<typeof replySchema>>;

/** Reads a request. @throws {MessageError} */
export const readRequest = (header: unknown): HostRequest => read(requestSchema, header, "request");
/** Reads a reply. @throws {MessageError} */
export const readReply = (header: unknown): HostReply => read(replySchema, header, "reply");

function read<T>(schema: z.ZodType<T>, header: unknown, what: string): T {
  const { success, data, error } = schema.safeParse(header);
  if (success) return data;
  const field = error.issues[0]?.path.map(String).join(".") ?? "";
  throw new MessageError(`the other machine's program sends a ${what} that does not fit (${field || "the whole"})`);
}
