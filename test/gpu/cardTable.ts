import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "oxfmt";
import { type RunConfig, parseConfig } from "../../engine/config/index.ts";
import { type Sheet, sheetMarkdown } from "../../engine/evaluation/tables/sheet.ts";
import type { ModelConfig } from "../../engine/models/index.ts";
import { type Cost, type DataFile, recomputationOf } from "../../engine/pipeline/stage.ts";
import { rewardModel } from "../../engine/pipeline/stages/rewardModel.ts";
import { rlhf } from "../../engine/pipeline/stages/rlhf.ts";
import { sft } from "../../engine/pipeline/stages/sft.ts";
import { smallestCard } from "../../engine/common/cards.ts";
import { type ModelShape, SIZES, configOf } from "./shapes.ts";

/** Where the table is kept. */
export const TABLE_FILE = join(import.meta.dirname, "../../engine/compute/backends/cuda/cards.md");

/** Tokens of a sequence, a prompt and an answer; a plan takes three bytes of text for a token. */
const [SEQUENCE, PROMPT, ANSWER, BYTES_PER_TOKEN] = [1024, 512, 512, 3];

/** Settings that take ever less memory. */
const VARIANTS = [
  { title: "defaults", micro: 8, gradientCheckpointing: false, frozenWeights: "asStored" },
  { title: "checkpointing, bf16", micro: 8, gradientCheckpointing: true, frozenWeights: "bf16" },
  { title: "and micro-batches of 1", micro: 1, gradientCheckpointing: true, frozenWeights: "bf16" },
] as const;

type Variant = (typeof VARIANTS)[number];

/** Memory that a model's stages take of a card, by the planner, with a config as people write it. */
function costsOf(
  shape: ModelShape,
  { micro, gradientCheckpointing, frozenWeights }: Variant,
): Readonly<Record<string, Cost>> {
  const accumulation = 8 / micro;
  const batch = { batchSize: micro, gradientAccumulation: accumulation };
  const config: RunConfig = parseConfig(
    JSON.stringify({
      name: "table",
      data: { sft: "a.jsonl", preferences: "b.jsonl", prompts: "c.jsonl", benchmarks: { d: "d.jsonl" } },
      model: { checkpoint: "base", ...(shape.lora !== undefined && { lora: { rank: shape.lora } }) },
      sft: { ...batch, maxLength: SEQUENCE, seeds: [1, 2] },
      reward: { ...batch, maxLength: SEQUENCE },
      rlhf: { batchSize: 64, minibatchSize: micro, gradientAccumulation: accumulation, maxNewTokens: ANSWER },
      soups: { soup: { method: "linear", of: ["sft-1", "sft-2"] } },
      arms: { salsa: { reference: "soup" } },
      runtime: { gradientCheckpointing, frozenWeights },
    }),
    "/table/table.salsa.json",
  );
  const { adapter: _, ...bare } = configOf(shape);
  const lora = "lora" in config.model ? config.model.lora : undefined;
  const model: ModelConfig = lora === undefined ? bare : { ...bare, adapter: lora };
  const facts = (tokens: number): Parameters<typeof sft.cost>[1] => {
    const data: DataFile = { path: "a", fingerprint: "", rows: 10_000, longestRow: tokens * BYTES_PER_TOKEN };
    const how = { recomputation: recomputationOf({ gradientCheckpointing }), precision: "bf16" } as const;
    return { model, ...how, files: { data }, counts: { reference: 1 } };
  };
  return {
    SFT: sft.cost(sft.select(config, { seed: 1, sftSeed: 1 }), facts(SEQUENCE)),
    "reward model": rewardModel.cost(rewardModel.select(config, { seed: 1 }), facts(SEQUENCE)),
    SALSA: rlhf.cost(rlhf.select(config, { arm: "salsa", beta: 0.1, seed: 1 }), facts(PROMPT)),
  };
}

/** The table, with what is to be known of it. */
export async function cardTable(): Promise<string> {
  const rows: Sheet["rows"][number][] = [];
  for (const shape of SIZES.real.models) {
    const byVariant = VARIANTS.map((variant) => costsOf(shape, variant));
    for (const stage of Object.keys(byVariant[0] ?? {})) {
      const name = `${shape.name.toUpperCase()}${shape.lora === undefined ? "" : `, LoRA of rank ${shape.lora}`}`;
      rows.push([name, stage, ...byVariant.map((costs) => cell(costs[stage]?.cardBytes ?? 0))]);
    }
  }
  const sheet: Sheet = {
    columns: [
      { header: "model", align: "left" },
      { header: "stage", align: "left" },
      ...VARIANTS.map(({ title }) => ({ header: title, align: "right" as const })),
    ],
    rows,
  };
  const { code } = await format(TABLE_FILE, `${INTRODUCTION}\n${sheetMarkdown(sheet)}`, { printWidth: 120 });
  return code;
}

/** Gibibytes, and the smallest of the usual cards. */
function cell(bytes: number): string {
  const card = smallestCard(bytes);
  return `${(bytes / 2 ** 30).toFixed(1)} GiB · ${card === undefined ? "none" : `${card} GB`}`;
}

const INTRODUCTION = `# What fits on which card

What each stage takes of a card at its peak, and the smallest of 8, 16, 24, 48, 80 and 141 GB that holds it. Computed by the
planner that \`salsa plan\` uses, from the programs as the cuda backend lays them out; nothing of it has run on a card.

Sequences of ${SEQUENCE} tokens, for SALSA prompts of ${PROMPT} and answers of ${ANSWER}, 64 of them decoded at once; micro-batches of 8, or of
1 eight times over. Models compute in bf16 over f32 masters, and have the shapes of SmolLM2-135M, Qwen2.5-0.5B and -1.5B, and Llama-2-7B with adapters on all layers.
The settings are \`runtime.gradientCheckpointing\`, \`runtime.frozenWeights\` and the stages' \`batchSize\` (\`rlhf.minibatchSize\`)
with \`gradientAccumulation\`.

\`node test/gpu/cardTable.ts\` writes this file.
`;

if (import.meta.main) writeFileSync(TABLE_FILE, await cardTable());
