import {
  type TableModel,
  type TableRows,
  SWEPT_ARM,
  scoreColumn,
  sweptColumn,
  winRateColumn,
} from "../../../engine/protocol/runsTable.ts";
import { tableOf } from "../runsTable/tables.ts";

const [BETAS, ALPHAS] = [
  [0.01, 0.05, 0.2],
  [0.3, 0.5, 0.7, 0.9],
] as const;
const BENCHMARK = "inDistribution";

/** The run that they are rows of. */
export const SWEPT_RUN = "/work/.salsa/runs/demo-1";

/**
 * The reply for a run of β × α of `salsa`, and of β of `ppo`, with an arm that is not swept: best is β 0.05 with α 0.5.
 * With several base seeds, each combination has a row for each.
 */
export function sweptRows({
  seeds = [1],
  hasResults = true,
}: { readonly seeds?: readonly number[]; readonly hasResults?: boolean } = {}): TableRows {
  const blocks: Record<string, string | number>[] = [{}];
  const models: TableModel[] = [];
  const add = (
    name: string,
    of: string | undefined,
    at: Readonly<Record<string, number>>,
    results: TableModel["values"],
  ): void => {
    const axes = Object.entries(at).map(([axis, value]) => [sweptColumn(axis), value] as const);
    blocks.push({ ...(of !== undefined && { [SWEPT_ARM]: of }), ...Object.fromEntries(axes) });
    for (const seed of seeds) {
      const rates = Object.entries(results).filter(([column]) => column.startsWith("winRate/"));
      const shift = (seed - 1) * 0.004;
      models.push({
        name,
        ...(seeds.length > 1 && { seed }),
        settings: [blocks.length - 1],
        values: {
          ...{ "model.name": name, "model.kind": "arm", "model.status": hasResults ? "finished" : "waiting" },
          ...("beta" in at && { "model.beta": at["beta"] }),
          ...(hasResults &&
            Object.fromEntries(Object.entries(results).map(([id, value]) => [id, Number(value) + shift]))),
        },
        ...(hasResults &&
          seeds.length === 1 && {
            intervals: Object.fromEntries(
              rates.map(([column, rate]) => [column, [Number(rate) - 0.03, Number(rate) + 0.03] as const]),
            ),
          }),
      });
    }
  };
  add("dpo", undefined, {}, {});
  for (const beta of BETAS)
    add(`ppo_beta${beta}`, "ppo", { beta }, { [scoreColumn(BENCHMARK, "gold")]: 1 + beta / 10 });
  for (const beta of BETAS) {
    for (const alpha of ALPHAS) {
      const rate = 0.58 - Math.abs(Math.log10(beta / 0.05)) / 20 - (alpha - 0.5) ** 2 / 4;
      add(
        `salsa_beta${beta}_alpha${alpha}`,
        "salsa",
        { beta, alpha },
        {
          [winRateColumn(BENCHMARK, `ppo_beta${beta}`)]: rate,
          [winRateColumn(BENCHMARK, "sft-1")]: rate + 0.1,
          [scoreColumn(BENCHMARK, "gold")]: 0.9 + rate / 2,
          "metric.objective/kl": 4 + 2 / (beta * 40 + 1),
        },
      );
    }
  }
  const rows = tableOf([{ id: "demo-1" }]);
  return {
    ...rows,
    blocks,
    runs: rows.runs.map((run) => ({ ...run, folder: SWEPT_RUN, settings: [0], models })),
  };
}

/** The reply for a run of two learning rates of SFTs × two lengths of the reward model's training, best the higher of both. */
export function upstreamRows(): TableRows {
  const blocks: Record<string, string | number>[] = [{}];
  const models: TableModel[] = [];
  const add = (of: string, at: Readonly<Record<string, number>>, values: TableModel["values"]): void => {
    const name = [of, ...Object.entries(at).map(([axis, value]) => `${axis}${value}`)].join("_");
    const axes = Object.entries(at).map(([axis, value]) => [sweptColumn(axis), value] as const);
    blocks.push({ [SWEPT_ARM]: of, ...Object.fromEntries(axes) });
    models.push({ name, settings: [blocks.length - 1], values: { "model.name": name, ...values } });
  };
  for (const rate of [0.001, 0.002]) {
    for (const epochs of [1, 2]) {
      const won = 0.5 + 10 * rate + epochs / 100;
      const at = { "sft.learningRate": rate, "reward.epochs": epochs };
      add("salsa", at, { "model.kind": "arm", [winRateColumn(BENCHMARK, `sft-1_sft.learningRate${rate}`)]: won });
    }
    add("sft-1", { "sft.learningRate": rate }, { "model.kind": "sft", [scoreColumn(BENCHMARK, "gold")]: 1 });
  }
  const rows = tableOf([{ id: "demo-1" }]);
  return { ...rows, blocks, runs: rows.runs.map((run) => ({ ...run, folder: SWEPT_RUN, settings: [0], models })) };
}
