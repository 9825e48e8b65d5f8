import * as z from "zod";
import { DataError } from "../../protocol/errors.ts";
import { type Prompt, promptOf, readJsonl } from "../datasets.ts";

const texts = z.array(z.string());

/** Facts about a question of a benchmark, beside its prompt. */
const questionSchema = z.object({
  questionId: z.union([z.number(), z.string()]),
  followUps: z.exactOptional(texts),
  references: z.exactOptional(texts),
});

/**
 * Questions of a benchmark of a kind, as they are prepared: one a line, a prompt with its id, later turns and references.
 * @throws {DataError} naming file, line and field.
 */
export async function* readQuestions(file: string): AsyncGenerator<Prompt, undefined> {
  for await (const record of readJsonl(file)) {
    const read = questionSchema.safeParse(record.fields);
    if (!read.success) {
      const [issue] = read.error.issues;
      const what = `field ${(issue?.path ?? []).map(String).join(".")} does not fit: ${issue?.message ?? ""}`;
      throw new DataError(what, { file, line: record.line, remedy: "remove its folder: it is prepared again" });
    }
    yield { ...promptOf(record), ...read.data };
  }
}
