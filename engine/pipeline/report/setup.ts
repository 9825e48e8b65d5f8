import { type RunConfig, type SoupConfig, type SourceConfig, namesOf } from "../../config/index.ts";
import { judgeKind } from "../../evaluation/judges/index.ts";
import { countsText } from "../../protocol/dataCounts.ts";
import { codeSpan, literal } from "../../common/markdown.ts";
import { trainedArms } from "./arms.ts";
import { tableOf, valueText } from "./markdown.ts";
import type { RunFacts } from "./facts.ts";

/** The run's setup: one row per section of the config, and one per arm. */
export function setupSection(facts: RunFacts): string {
  if (facts.origin.imported) return `Imported from ${codeSpan(facts.configFile)}; how it was trained is not known.`;
  const { config, state, choices } = facts;
  const rows: (readonly [string, string])[] = [
    ["Data", dataWords(config)],
    ...(state.data ?? []).map(({ kind, from, ...counts }) => {
      return [`Records for ${literal(kind)}`, `${codeSpan(from)}: ${literal(countsText(counts))}`] as const;
    }),
    ["Model", modelWords(config) + sweptWords(config, "pretrain")],
    ["SFT", sftWords(config) + sweptWords(config, "sft")],
    ["Reward model", rewardWords(config, heldOutAccuracies(state)) + sweptWords(config, "reward")],
    ...Object.entries(config.soups).map(([name, soup]) => [`Soup ${codeSpan(name)}`, soupWords(soup)] as const),
    ["Evaluation", evaluationWords(config)],
    ["Base seeds", valueText(config.seeds.join(", "))],
    ["Device", state.device === "" ? "not begun" : literal(state.device)],
  ];
  const chosen = choices.length === 0 ? [] : ["### Choice of β", choicesTable(facts)];
  return [tableOf(["", ""], rows), "### Arms", armsTable(facts), ...chosen].join("\n\n");
}

function armsTable(facts: RunFacts): string {
  const { config, choices } = facts;
  const rows = Object.entries(config.arms).map(([name, arm]) => {
    const isDpo = arm.method === "dpo";
    const adaptive = arm.klController === "adaptive" ? `adaptive, target ${arm.klTarget} nats` : "fixed";
    const betas = betaWords(name, arm.betas, choices);
    const controlled = `${betas}${betas.includes(",") ? "," : ""} ${adaptive}`;
    return [
      codeSpan(name),
      codeSpan(arm.init),
      arm.reference.map(codeSpan).join(", "),
      valueText(isDpo ? betas : controlled),
      isDpo ? valueText(`DPO, ${arm.dpoLoss}`) : valueText(arm.klKind),
      valueText(isDpo ? passesWords(arm) : `${arm.iterations} × ${arm.batchSize} × ${arm.ppoEpochs}`),
      valueText(arm.learningRate),
      lastValue(facts, name, "objective/kl"),
    ];
  });
  const headers = [
    "Arm",
    "Starts at",
    "Held to",
    "β",
    "KL",
    "iterations × rollouts × passes",
    "Learning rate",
    "KL at the end, nats",
  ];
  return tableOf(headers, rows, [6, 7]);
}

/** "1 pass, 128 pairs a step". */
function passesWords({ dpoEpochs, minibatchSize, gradientAccumulation }: RunFacts["config"]["arms"][string]): string {
  return `${dpoEpochs} ${dpoEpochs === 1 ? "pass" : "passes"}, ${counted(minibatchSize * gradientAccumulation, "pair")} a step`;
}

/** The β that the arm has; of a list, the chosen ones of all base seeds. */
function betaWords(name: string, betas: readonly number[], choices: RunFacts["choices"]): string {
  const chosen = new Set(choices.filter(({ product }) => product === name).map((choice) => choice.chosen));
  const list = betas.join(", ");
  return chosen.size === 0 ? list : `${[...chosen].sort((a, b) => a - b).join(" or ")}, chosen of ${list}`;
}

/** Validation scores of all candidates for β. */
function choicesTable({ choices }: RunFacts): string {
  const rows = choices.flatMap(({ product, seed, chosen, candidates }) =>
    candidates.map(({ beta, validationScore }) => [
      codeSpan(product),
      seed === undefined ? "–" : String(seed),
      beta === chosen ? `**${beta}**` : String(beta),
      validationScore.toFixed(3),
    ]),
  );
  return [
    tableOf(["Arm", "Base seed", "β", "Validation score"], rows, [1, 2, 3]),
    "In bold the β that was chosen: its answers score highest on the validation split, which no table reports on.",
  ].join("\n\n");
}

/** Mean over base seeds of a metric's last value; a dash for an arm without curves in this run. */
function lastValue(facts: RunFacts, name: string, metric: string): string {
  const { metrics } = facts.state;
  const stages = trainedArms(facts).find((one) => one.name === name)?.stages ?? [];
  const values = stages.flatMap((stage) => metrics[stage]?.[metric]?.values.at(-1) ?? []);
  return values.length === 0 ? "–" : (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2);
}

function heldOutAccuracies({ metrics }: RunFacts["state"]): number[] {
  return Object.values(metrics).flatMap((series) => series["reward/heldOutAccuracy"]?.values.at(-1) ?? []);
}

function dataWords({ task, data }: RunConfig): string {
  if (task !== undefined) return `task ${codeSpan(task.name)}, which makes it from the seed`;
  return data === undefined
    ? "–"
    : `SFT ${sourceWords(data.sft)}, ${pairsWords(data.preferences)}prompts ${sourceWords(data.prompts)}`;
}

function pairsWords(source: SourceConfig | undefined): string {
  return source === undefined ? "" : `pairs ${sourceWords(source)}, `;
}

function sourceWords(source: SourceConfig): string {
  if (typeof source === "string") return codeSpan(source);
  const { from, config, split } = source;
  const part = [config, split].filter((one) => one !== undefined).join(", ");
  return part === "" ? codeSpan(from) : `${codeSpan(from)} (${literal(part)})`;
}

function modelWords({ model }: RunConfig): string {
  if ("checkpoint" in model) return codeSpan(model.checkpoint);
  const { nLayers, hiddenSize, nHeads } = model.architecture;
  const size = `${counted(nLayers, "layer")} of width ${hiddenSize}, ${counted(nHeads, "head")}`;
  return valueText(`new: ${size}; trained for ${counted(model.pretrain.steps, "step")}`);
}

function sftWords(config: RunConfig): string {
  const { seeds, learningRate } = config.sft;
  return valueText(`seeds ${seeds.join(", ")}; ${durationWords(config)}; learning rate ${learningRate}`);
}

function durationWords({ sft: { duration, batchSize, gradientAccumulation } }: RunConfig): string {
  const batch = batchSize * gradientAccumulation;
  if ("steps" in duration) return `${counted(duration.steps, "step")} of ${batch}`;
  return `${counted(duration.epochs, "epoch")}, batches of ${batch}`;
}

function rewardWords({ reward }: RunConfig, accuracies: readonly number[]): string {
  if (reward.checkpoint !== undefined) return `${codeSpan(reward.checkpoint)}, as it is`;
  const pairs = reward.pairs === undefined ? "all pairs" : counted(reward.pairs, "pair");
  const accuracy = accuracies.map((one) => `${(100 * one).toFixed(1)} %`).join(", ");
  const training = literal(`${pairs}, ${counted(reward.epochs, "epoch")}`);
  return `from ${codeSpan(reward.init)}; ${training}${accuracy === "" ? "" : `; held-out accuracy ${accuracy}`}`;
}

/** Values of grids of a section, in place of the one that stands in it: "; by grids: learningRate 0.001, 0.002". */
function sweptWords({ sweep = {} }: RunConfig, section: string): string {
  const found = new Map<string, Set<number>>();
  for (const { values } of Object.values(sweep)) {
    for (const [label, value] of Object.entries(values)) {
      if (!label.startsWith(`${section}.`)) continue;
      found.set(label, (found.get(label) ?? new Set()).add(value));
    }
  }
  const words = [...found].map(([label, values]) => `${label.slice(section.length + 1)} ${[...values].join(", ")}`);
  return words.length === 0 ? "" : literal(`; by grids: ${words.join("; ")}`);
}

/** "1 epoch", "5,000 pairs". */
function counted(n: number, noun: string): string {
  return `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
}

function soupWords({ method, of, ...settings }: SoupConfig): string {
  const words = Object.entries(settings).map(([name, value]) => literal(`${name} ${[value].flat().join(", ")}`));
  return [`${literal(method)} of ${of.map(codeSpan).join(", ")}`, ...words].join(", ");
}

function evaluationWords({ evaluation, sweep = {} }: RunConfig): string {
  const { judge, benchmarks, prompts, sampling } = evaluation;
  const who = `the ${judgeKind(judge).title}`;
  const how = literal(`up to ${prompts.toLocaleString("en-US")} prompts; judged by ${who}`);
  const [scorer = "", ...others] = namesOf("reward", sweep);
  // Of several reward models one scores all answers.
  const scored = others.length === 0 ? "" : `; scores by ${codeSpan(scorer)}`;
  return `${benchmarks.map(codeSpan).join(", ")}; ${how}; temperature ${valueText(sampling.temperature)}${scored}`;
}
