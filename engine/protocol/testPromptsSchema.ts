import * as z from "zod";
import type { Question } from "./conversation.ts";
import type { ConfigIssue } from "./errors.ts";
import { JsonError, excerpt, parseJson } from "../common/json.ts";
import { LONGEST_TEST_PROMPT, MOST_TEST_PROMPTS } from "./testPrompts.ts";

/** Largest file of test prompts that is read, in bytes. */
export const MOST_TEST_PROMPT_BYTES = 16 * 1024 * 1024;

/** Longest remark beside a prompt, in UTF-16 units, and most turns of one that is a conversation. */
const LONGEST_REMARK = 10_000;
const MOST_TURNS = 100;
/** Defects that are listed: nobody reads more. */
const MOST_ISSUES = 100;

const said = z.string().max(LONGEST_TEST_PROMPT);
const remark = z.string().max(LONGEST_REMARK).optional();

const lineSchema = z.strictObject({
  prompt: z.union([
    said.refine((text) => text.trim() !== "", { error: "must not be empty" }),
    z
      .array(z.strictObject({ role: z.enum(["system", "developer", "user", "assistant"]), content: said }))
      .min(1)
      .max(MOST_TURNS),
  ]),
  /** Where it was met: "demo-1, salsa, step 40". */
  from: remark,
  note: remark,
});

/** A prompt with remarks about it, as a line of the file has it. */
export type TestPrompt = Readonly<z.output<typeof lineSchema>>;

/** The prompts of a file, each once, or all that is wrong with its lines. */
export interface ReadTestPrompts {
  readonly prompts: readonly Question[];
  readonly issues: readonly ConfigIssue[];
}

/** Reads a file of test prompts: a JSON object a line, blank lines and prompts that stand there twice passed over. */
export function readTestPrompts(text: string, file: string): ReadTestPrompts {
  const prompts = new Map<string, Question>();
  const issues: ConfigIssue[] = [];
  const complain = (line: number, path: string, message: string, remedy: string): void => {
    issues.push({ file, line, column: 1, path, message, remedy });
  };
  for (const [at, written] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    if (written.trim() === "") continue;
    if (issues.length === MOST_ISSUES) break;
    const line = at + 1;
    try {
      const { success, data, error } = lineSchema.safeParse(parseJson(written, LONGEST_TEST_PROMPT));
      if (success) prompts.set(JSON.stringify(data.prompt), data.prompt);
      else for (const issue of error.issues) complain(line, ...defectOf(issue));
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      complain(line, "", `${error.message}: ${excerpt(written)}`, 'write {"prompt": "…"} on one line');
    }
    if (prompts.size > MOST_TEST_PROMPTS) {
      complain(line, "", `is one more than the ${MOST_TEST_PROMPTS} test prompts that there may be`, "remove some");
      break;
    }
  }
  return { prompts: [...prompts.values()], issues };
}

/** A prompt as a line of the file, with its end. */
export function testPromptLine(prompt: TestPrompt): string {
  return `${JSON.stringify(prompt)}\n`;
}

function defectOf(issue: z.core.$ZodIssue): readonly [path: string, message: string, remedy: string] {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.slice(0, 3).map((key) => excerpt(key));
    return [path, `has ${keys.join(", ")}, which nothing here is called`, "use prompt, from and note"];
  }
  const isPrompt = issue.path[0] === "prompt";
  const remedy = isPrompt
    ? `give a text of at most ${LONGEST_TEST_PROMPT} letters, or a list of {"role", "content"}`
    : 'write {"prompt": "…"}, and beside it texts under "from" and "note" if you like';
  return [path, issue.code === "custom" ? issue.message : "does not fit", remedy];
}
