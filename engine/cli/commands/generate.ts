import { resolve } from "node:path";
import { textOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command, CommandContext } from "../command.ts";
import type { PromptResponse } from "../../pipeline/index.ts";
import { type Message, questionText } from "../../protocol/conversation.ts";
import { BASE_OPTION, baseFrom } from "../baseOption.ts";
import { CHAT_OPTIONS, chatFrom } from "../chatOptions.ts";
import { CHECKPOINT_FORMS, checkpointFolder } from "../namedCheckpoint.ts";
import { DIRECTORY_OPTION } from "../runOptions.ts";
import { SAMPLING_OPTIONS, samplingFrom } from "../samplingOptions.ts";
import { printJson } from "../terminal.ts";

/** Writes a checkpoint's answers to prompts. */
export const generate: Command = {
  name: "generate",
  summary: "let a checkpoint answer prompts",
  details: ['With --json, one {"prompt" or "messages","response"} a line; with --out as well, one {"out","n"} object.'],
  positionals: [{ name: "CHECKPOINT", description: CHECKPOINT_FORMS }],
  options: {
    prompt: { value: "TEXT", description: "A prompt" },
    prompts: { value: "FILE", description: "JSON lines with a prompt, or messages, each" },
    system: { value: "TEXT", description: "A system's turn before --prompt" },
    out: { value: "FILE", short: "o", description: "Write the answers as JSON lines instead of printing them" },
    ...DIRECTORY_OPTION,
    ...BASE_OPTION,
    ...CHAT_OPTIONS,
    ...SAMPLING_OPTIONS,
  },
  examples: [
    ['salsa generate soup --prompt "reverse: city river time."', "One answer, on the screen"],
    ['salsa generate demo-1:salsa --prompt "reverse: city river time."', "One of a model that a run has trained"],
    ["salsa generate soup --prompts test.jsonl --out answers.jsonl --temperature 0", "A file of answers"],
  ],
  async run(args, context) {
    const { folder, signal } = context;
    const [prompt, file, out] = [textOption(args, "prompt"), textOption(args, "prompts"), textOption(args, "out")];
    const system = textOption(args, "system");
    if (system !== undefined && prompt === undefined) throw new UsageError("--system needs --prompt");
    const asked = prompt === undefined ? undefined : [system === undefined ? prompt : withSystem(system, prompt)];
    const prompts = asked ?? (file === undefined ? undefined : resolve(folder, file));
    if (prompts === undefined) throw new UsageError("give --prompt or --prompts");
    if (prompt !== undefined && file !== undefined)
      throw new UsageError("--prompt and --prompts are given together; keep one");
    const { generateResponses } = await context.pipeline();
    const responses = await generateResponses({
      checkpoint: await checkpointFolder(args.positionals[0] ?? "", args, context),
      prompts,
      ...(out === undefined ? {} : { out: resolve(folder, out) }),
      ...baseFrom(args, folder),
      ...chatFrom(args, folder),
      ...samplingFrom(args),
      signal,
    });
    printResponses(context, responses, out);
    return EXIT.ok;
  },
};

function withSystem(system: string, prompt: string): readonly Message[] {
  return [
    { role: "system", content: system },
    { role: "user", content: prompt },
  ];
}

function printResponses(
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
  for (const answered of responses) {
    const question = "prompt" in answered ? answered.prompt : questionText(answered.messages);
    if (isJson) printJson(terminal, answered);
    else terminal.out({ style: "dim", text: question }, `\n${answered.response}\n\n`);
  }
}
