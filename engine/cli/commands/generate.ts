import { resolve } from "node:path";
import { textOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command, CommandContext } from "../command.ts";
import type { PromptResponse } from "../../pipeline/index.ts";
import { SAMPLING_OPTIONS, samplingFrom } from "../samplingOptions.ts";
import { printJson } from "../terminal.ts";

/** Writes a checkpoint's answers to prompts. */
export const generate: Command = {
  name: "generate",
  summary: "let a checkpoint answer prompts",
  details: ['With --json, one {"prompt","response"} a line; with --out as well, one {"out","n"} object.'],
  positionals: [{ name: "CHECKPOINT", description: "Hugging Face folder of the model" }],
  options: {
    prompt: { value: "TEXT", description: "A prompt" },
    prompts: { value: "FILE", description: "JSON lines with a prompt each" },
    out: { value: "FILE", short: "o", description: "Write the answers as JSON lines instead of printing them" },
    ...SAMPLING_OPTIONS,
  },
  examples: [
    ['salsa generate soup --prompt "reverse: city river time."', "One answer, on the screen"],
    ["salsa generate soup --prompts test.jsonl --out answers.jsonl --temperature 0", "A file of answers"],
  ],
  async run(args, context) {
    const { folder, signal } = context;
    const [prompt, file, out] = [textOption(args, "prompt"), textOption(args, "prompts"), textOption(args, "out")];
    const prompts = prompt === undefined ? (file === undefined ? undefined : resolve(folder, file)) : [prompt];
    if (prompts === undefined) throw new UsageError("give --prompt or --prompts");
    if (prompt !== undefined && file !== undefined)
      throw new UsageError("--prompt and --prompts are given together; keep one");
    const { generateResponses } = await context.pipeline();
    const responses = await generateResponses({
      checkpoint: resolve(folder, args.positionals[0] ?? ""),
      prompts,
      ...(out === undefined ? {} : { out: resolve(folder, out) }),
      ...samplingFrom(args),
      signal,
    });
    printCompletions(context, responses, out);
    return EXIT.ok;
  },
};

function printCompletions(
  { terminal, isJson }: CommandContext,
  responses: readonly PromptResponse[],
  out: string | undefined,
): void {
  const n = responses.length;
  if (out !== undefined) {
    if (isJson) printJson(terminal, { out, n });
    else terminal.outLine(`${n === 1 ? "1 answer" : `${n} answers`}: ${out}`);
    return;
  }
  for (const { prompt, response } of responses) {
    if (isJson) printJson(terminal, { prompt, response });
    else terminal.out({ style: "dim", text: prompt }, `\n${response}\n\n`);
  }
}
