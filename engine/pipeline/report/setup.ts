import type { RunConfig, SoupConfig } from "../../config/index.ts";
import { judgeKind } from "../../evaluation/judges/index.ts";
import { trainedArms } from "./arms.ts";
import { literal, tableOf } from "./markdown.ts";
import type { RunFacts } from "./facts.ts";

/** The run's setup: one row per section of the config, and one per arm. */
export function setupSection(facts: RunFacts): string {
  const { config, state, choices } = facts;
  const rows: (readonly [string, string])[] = [
    ["Data", dataWords(config)],
    ["Model", modelWords(config)],
    ["SFT", `seeds ${config.sft.seeds.join(", ")}; ${durationWords(config)}; learning rate ${config.sft.learningRate}`],
    ["Reward model", rewardWords(config, heldOutAccuracies(state))],
    ...Object.entries(config.soups).map(([name, soup]) => [`Soup \`${name}\``, soupWords(soup)] as const),
    ["Evaluation", evaluationWords(config)],
    ["Base seeds", config.seeds.join(", ")],
    ["Device", state.device === "" ? "not begun" : literal(state.device)],
  ];
  const chosen = choices.length === 0 ? [] : ["### Choice of β", choicesTable(facts)];
  return [tableOf(["", ""], rows), "### Arms", armsTable(facts), ...chosen].join("\n\n");
}

function armsTable(facts: RunFacts): string {
  const { config, choices } = facts;
  const rows = Object.entries(config.arms).map(([name, arm]) => {
    const controller = arm.klController === "adaptive" ? ` adaptive, target ${arm.klTarget} nats` : " fixed";
    return [
      `\`${name}\``,
      code(arm.init),
      arm.reference.map(code).join(", "),
      `${betaWords(name, arm.betas, choices)}${controller}`,
      arm.klKind,
      `${arm.iterations} × ${arm.batchSize} × ${arm.ppoEpochs}`,
      String(arm.learningRate),
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

/** The β that the arm has; of a list, the chosen ones of all base seeds. */
function betaWords(name: string, betas: readonly number[], choices: RunFacts["choices"]): string {
  const chosen = new Set(choices.filter(({ product }) => product === name).map((choice) => choice.chosen));
  const list = betas.join(", ");
  return chosen.size === 0 ? list : `${[...chosen].sort((a, b) => a - b).join(" or ")}, chosen of ${list},`;
}

/** Validation scores of all candidates for β. */
function choicesTable({ choices }: RunFacts): string {
  const rows = choices.flatMap(({ product, seed, chosen, candidates }) =>
    candidates.map(({ beta, validationScore }) => [
      `\`${product}\``,
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
  if (task !== undefined) return `task \`${task.name}\`, which makes it from the seed`;
  return data === undefined
    ? "–"
    : `SFT ${code(data.sft)}, pairs ${code(data.preferences)}, prompts ${code(data.prompts)}`;
}

function modelWords({ model }: RunConfig): string {
  if ("checkpoint" in model) return code(model.checkpoint);
  const { nLayers, hiddenSize, nHeads } = model.architecture;
  return `new: ${nLayers} layers of width ${hiddenSize}, ${nHeads} heads; trained for ${model.pretrain.steps} steps`;
}

function durationWords({ sft: { duration, batchSize, gradientAccumulation } }: RunConfig): string {
  const batch = batchSize * gradientAccumulation;
  return "steps" in duration ? `${duration.steps} steps of ${batch}` : `${duration.epochs} epochs, batches of ${batch}`;
}

function rewardWords({ reward }: RunConfig, accuracies: readonly number[]): string {
  const pairs = reward.pairs === undefined ? "all pairs" : `${reward.pairs.toLocaleString("en-US")} pairs`;
  const accuracy = accuracies.map((one) => `${(100 * one).toFixed(1)} %`).join(", ");
  return `from ${code(reward.init)}; ${pairs}, ${reward.epochs} epochs${accuracy === "" ? "" : `; held-out accuracy ${accuracy}`}`;
}

function soupWords({ method, of, ...settings }: SoupConfig): string {
  const words = Object.entries(settings).map(([name, value]) => `, ${name} ${[value].flat().join(", ")}`);
  return `${method} of ${of.map(code).join(", ")}${words.join("")}`;
}

function evaluationWords({ evaluation }: RunConfig): string {
  const { judge, benchmarks, prompts, sampling } = evaluation;
  const who = `the ${judgeKind(judge).title}`;
  return `${benchmarks.map(code).join(", ")}; up to ${prompts.toLocaleString("en-US")} prompts; judged by ${who}; temperature ${sampling.temperature}`;
}

/** A name in code, which no Markdown is read in. */
function code(text: string): string {
  return text.includes("`") ? literal(text) : `\`${text}\``;
}
