import * as z from "zod";
import { ROLES } from "./conversation.ts";
import { EDITOR_FAULTS, type EditorAnswer, type EditorCall } from "./editorModels.ts";
import { MessageError } from "./errors.ts";

/** Most letters of a reply, and of all that is asked in one request. */
const MOST_LETTERS = 4_000_000;
const MOST_TURNS = 1000;
/** Most letters of a window's words about a failure. */
const MOST_WORDS = 2000;

const text = z.string().max(MOST_LETTERS);
const count = z.exactOptional(z.number().min(0));

const callSchema: z.ZodType<EditorCall> = z.object({
  model: z.string().min(1).max(200),
  request: z.object({
    prompt: z.union([
      text,
      z
        .array(z.object({ role: z.enum(ROLES), content: text }))
        .min(1)
        .max(MOST_TURNS),
    ]),
    temperature: z.number().min(0),
    maxTokens: z.int().min(1),
    topP: count,
    seed: count,
    stop: z.exactOptional(z.array(z.string().max(1000)).max(4)),
  }),
});

const answerSchema: z.ZodType<EditorAnswer> = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("reply"),
    reply: z.object({
      text,
      reasoning: z.exactOptional(text),
      end: z.enum(["stop", "length", "refused"]),
      model: z.exactOptional(z.string().max(200)),
      promptTokens: count,
      completionTokens: count,
    }),
  }),
  z.object({ kind: z.literal("failed"), fault: z.enum(EDITOR_FAULTS), message: z.string().max(MOST_WORDS) }),
]);

/** Reads a call of a run's process. @throws {MessageError} naming the field that does not fit. */
export function readEditorCall(value: unknown): EditorCall {
  return readBy(callSchema, value, "call of an editor's model");
}

/** Reads a window's answer. @throws {MessageError} naming the field that does not fit. */
export function readEditorAnswer(value: unknown): EditorAnswer {
  return readBy(answerSchema, value, "answer of a window");
}

function readBy<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new MessageError(
    `read ${what}: ${issue?.path.map(String).join(".") ?? ""} does not fit: ${issue?.message ?? ""}`,
  );
}
