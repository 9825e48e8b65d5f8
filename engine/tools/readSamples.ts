import * as z from "zod";
import type { SamplePage, SampleRow, SampleSource, SampledResponse } from "../protocol/samples.ts";
import { findRun } from "./findRun.ts";
import { fitting } from "./fitting.ts";
import { nameList, runName, searchText } from "./inputs.ts";
import type { TextBudget } from "./metricsText.ts";
import { number } from "./numbers.ts";
import { modelTool } from "./tool.ts";

/** Prompts that are read unless the model asks for more or fewer, and at most. */
const LIMIT = 5;
const MOST = 50;
/** Characters of a text, as many as there is room for. */
const LENGTHS = [4000, 2000, 1000, 500, 250, 120] as const;

const step = z.int().min(0).optional();

/** Reads responses, side by side. */
export const readSamples = modelTool({
  name: "salsa_readSamples",
  title: "Read SALSA samples",
  description:
    "Reads what the models of a SALSA run say: prompts with the responses of each arm or model side by side, each with its reward-model score, gold score (where the task has one), length in tokens and whether it ended. Without benchmark, they are rollouts sampled during RLHF, those of the newest step unless steps are given; with a benchmark's name, the final answers to it. Use it to see how responses change over training, to find reward hacking or gibberish, and to quote examples.",
  input: z.strictObject({
    run: runName,
    benchmark: z
      .string()
      .max(1000)
      .optional()
      .describe("Name of a benchmark, for final answers; rollouts of RLHF if left out."),
    models: nameList.describe("Arms or models, such as ppo, salsa or sft-1; all if left out."),
    fromStep: step.describe("First step of rollouts; the newest step alone if neither end is given."),
    toStep: step.describe("Last step of rollouts."),
    text: searchText.describe("Only prompts that have this text in the prompt or in a response."),
    isUnended: z.boolean().optional().describe("Only prompts with a response that did not end by itself."),
    order: z
      .enum(["recorded", "lowest", "highest", "spread"])
      .optional()
      .describe(
        "By score: lowest or highest first, or the largest difference between models first; as recorded if left out.",
      ),
    offset: z.int().min(0).optional().describe("Prompts to pass over; 0 if left out."),
    limit: z.int().min(1).max(MOST).optional().describe(`Prompts to read; ${LIMIT} if left out.`),
  }),
  isReadOnly: true,
  call: async (host, input, budget) => {
    const { benchmark, models, text, isUnended, order, offset = 0, limit = LIMIT } = input;
    const { folder, id } = findRun(await host.runs(), input.run);
    const source: SampleSource = benchmark === undefined ? { kind: "rollouts" } : { kind: "answers", benchmark };
    const base = { folder, source, ...(models && { columns: models }) };
    const steps = await stepsOf(() => host.request("samples", { ...base, offset: 0, limit: 0 }), input);
    const page = await host.request("samples", {
      ...{ ...base, offset, limit },
      ...(text !== undefined && { text }),
      ...(isUnended !== undefined && { isUnended }),
      ...(order !== undefined && { order }),
      ...(benchmark === undefined && steps !== undefined && { steps }),
    });
    return samplesText(id, page, { ...budget, offset });
  },
});

interface AskedSteps {
  readonly fromStep?: number | undefined;
  readonly toStep?: number | undefined;
}

async function stepsOf(
  look: () => Promise<SamplePage>,
  { fromStep, toStep }: AskedSteps,
): Promise<{ readonly from: number; readonly to: number } | undefined> {
  if (fromStep !== undefined || toStep !== undefined)
    return { from: fromStep ?? 0, to: toStep ?? Number.MAX_SAFE_INTEGER };
  const newest = (await look()).steps?.to;
  return newest === undefined ? undefined : { from: newest, to: newest };
}

/** A page of samples as a language model reads it: texts are cut, and then prompts left out, until it fits. */
export async function samplesText(
  id: string,
  { total, columns, allColumns, steps, rows }: SamplePage,
  { offset, ...budget }: TextBudget & { readonly offset: number },
): Promise<string> {
  const known = allColumns.length === 0 ? "none" : allColumns.join(", ");
  const range = steps === undefined ? "" : ` Steps ${steps.from} to ${steps.to} are recorded.`;
  const models = `Models with samples: ${known}.${range}`;
  if (rows.length === 0) return `${id} has no such samples. ${models}`;
  const head = `Prompts ${offset + 1} to ${offset + rows.length} of ${total} of ${id}. ${models}`;
  for (const most of LENGTHS) {
    const text = [head, ...rows.map((row) => rowText(row, columns, most))].join("\n\n");
    if ((await budget.count(text)) <= budget.tokens) return text;
  }
  const parts = rows.map((row) => rowText(row, columns, LENGTHS[LENGTHS.length - 1] ?? 0));
  return fitting(parts, { ...budget, head, rest: (n) => `${n} prompts do not fit; ask for fewer.` });
}

function rowText({ step: at, prompt, responses }: SampleRow, columns: readonly string[], most: number): string {
  const place = at === undefined ? "" : ` (step ${at})`;
  const answers = responses.flatMap((response, column) =>
    response === null ? [] : [`${columns[column] ?? ""}${factsOf(response)}:\n${cut(response.text, most)}`],
  );
  return [`Prompt${place}:\n${cut(prompt, most)}`, ...answers].join("\n");
}

function factsOf({ score, gold, nTokens, ended }: SampledResponse): string {
  const facts = [
    ...(score === null ? [] : [`score ${number(score)}`]),
    ...(gold === undefined ? [] : [`gold ${number(gold)}`]),
    `${nTokens} tokens`,
    ...(ended ? [] : ["not ended"]),
  ];
  return ` (${facts.join(", ")})`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} characters more)`;
}
