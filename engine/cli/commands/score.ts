import { resolve } from "node:path";
import { TASKS } from "../../evaluation/tasks/index.ts";
import { choiceOption, numberOption, textOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { BASE_OPTION, baseFrom } from "../baseOption.ts";
import { CHAT_OPTIONS, chatFrom } from "../chatOptions.ts";
import { CHECKPOINT_FORMS, checkpointFolder } from "../namedCheckpoint.ts";
import { DIRECTORY_OPTION } from "../runOptions.ts";
import { SAMPLING_OPTIONS, samplingFrom } from "../samplingOptions.ts";
import { titledTable } from "../tables.ts";
import { printJson } from "../terminal.ts";

const TASK_NAMES = TASKS.map(({ name }) => name);

/** Scores a checkpoint's answers. */
export const score: Command = {
  name: "score",
  summary: "sample a checkpoint's answers and score them",
  details: [
    "Scores come from a task's gold score (--task), or from a reward model on your prompts (--prompts with --reward).",
    'With --json, the table as one object: {"name","title","columns":[...],"rows":[[...]],"files":[]}.',
  ],
  positionals: [{ name: "CHECKPOINT", description: CHECKPOINT_FORMS }],
  options: {
    task: { value: "NAME", description: `Task with prompts and a gold score: ${TASK_NAMES.join(", ")}` },
    prompts: { value: "FILE", description: "JSON lines with a prompt, or messages, each" },
    reward: { value: "DIR", description: "Reward model that scores the answers, or RUN:MODEL" },
    n: { value: "N", description: "Answers per benchmark (default 256)" },
    ...DIRECTORY_OPTION,
    ...BASE_OPTION,
    ...CHAT_OPTIONS,
    ...SAMPLING_OPTIONS,
  },
  examples: [
    ["salsa score soup --task miniinstruct", "A soup's gold score, in and out of distribution"],
    ["salsa score policy --prompts test.jsonl --reward reward --temperature 0", "By a reward model, likeliest tokens"],
  ],
  async run(args, context) {
    const { folder, terminal, isJson, signal } = context;
    const task = choiceOption(args, "task", TASK_NAMES);
    const [prompts, reward] = [textOption(args, "prompts"), textOption(args, "reward")];
    if ((task === undefined) === (prompts === undefined)) throw new UsageError("give either --task or --prompts");
    if (prompts !== undefined && reward === undefined)
      throw new UsageError("--prompts needs --reward, the model that scores the answers");
    const { scoreCheckpoint } = await context.pipeline();
    const table = await scoreCheckpoint({
      checkpoint: await checkpointFolder(args.positionals[0] ?? "", args, context),
      ...(task === undefined ? {} : { task }),
      ...(prompts === undefined ? {} : { prompts: resolve(folder, prompts) }),
      ...(reward === undefined ? {} : { reward: await checkpointFolder(reward, args, context) }),
      n: numberOption(args, "n", { least: 1, isWhole: true }) ?? 256,
      ...baseFrom(args, folder),
      ...chatFrom(args, folder),
      ...samplingFrom(args),
      signal,
    });
    if (isJson) printJson(terminal, table);
    else terminal.out(titledTable(table, terminal.outColumns));
    return EXIT.ok;
  },
};
