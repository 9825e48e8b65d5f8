import type { RunConfig } from "../../config/index.ts";
import type { TableRow } from "../../evaluation/table.ts";
import { judgeKind } from "../../evaluation/judges/index.ts";
import { countsText } from "../../protocol/dataCounts.ts";
import { codeSpan, fenced, literal, literalLines } from "../../common/markdown.ts";
import type { JsonObject } from "../../storage/json.ts";
import { withoutTokens } from "../git/secrets.ts";
import { tableOf, valueText } from "../report/markdown.ts";
import { intervalWords, percent, placeOf, probability, verdicts } from "../report/verdicts.ts";
import { recordedTrainedNotes } from "../trainedNotes.ts";
import { frontMatter } from "./frontMatter.ts";
import { lineageList, soupWords } from "./lineage.ts";
import { FILES_HEADING, type ListedFile, listingTable } from "./listing.ts";
import type { CardPicture } from "./pictures.ts";
import { type ModelSource, publicConfig } from "./sources.ts";
import type { Subject } from "./subject.ts";

/** Everything that a card is written from. */
export interface CardFacts {
  readonly subject: Subject;
  /** `owner/name` */
  readonly target: string;
  /** Of config.json; of an adapter, adapter_config.json. */
  readonly settings: JsonObject;
  readonly isAdapter: boolean;
  readonly hasChatTemplate: boolean;
  readonly base: ModelSource | undefined;
  readonly data: readonly ModelSource[];
  readonly pictures: { readonly results: readonly CardPicture[]; readonly curves: readonly CardPicture[] };
  readonly files: readonly ListedFile[];
}

/** A model card in Markdown, with the front matter that the hub reads. */
export function modelCard(facts: CardFacts): string {
  const { subject, target, files } = facts;
  const { made } = subject;
  const front = frontMatter({
    licence: facts.base?.licence,
    base: facts.base,
    data: facts.data,
    kind: facts.isAdapter ? "adapter" : isReward(facts) ? "reward" : "language",
    tags: tagsOf(facts),
  });
  const sections = [
    front,
    `# ${literal(target.slice(target.indexOf("/") + 1))}`,
    introduction(facts),
    ...statusNote(facts),
    "## What it is",
    factsTable(facts),
    ...trainerNote(facts),
    ...(made === undefined ? [] : ["## Lineage", lineageList(made.facts, made.model)]),
    "## Data",
    dataSection(facts),
    "## Results",
    resultsSection(facts),
    "## Training curves",
    curvesSection(facts),
    "## What was not run",
    notRun(facts),
    "## How to load and serve it",
    usage(facts),
    ...(made === undefined ? [] : ["## Config", configSection(facts)]),
    FILES_HEADING,
    "Everything that was uploaded with this card:",
    listingTable(files),
  ];
  // A config, a data set's name or a note may hold a token that its writer has forgotten.
  return withoutTokens(`${sections.join("\n\n")}\n`);
}

function isReward({ settings, subject }: CardFacts): boolean {
  const [first] = [settings["architectures"]].flat();
  const isClassifier = typeof first === "string" && first.endsWith("ForSequenceClassification");
  return isClassifier || subject.made?.model.kind === "reward";
}

function tagsOf(facts: CardFacts): readonly string[] {
  const { made } = facts.subject;
  const arm = made?.facts.config.arms[made.model.product];
  const isSoup = made !== undefined && Object.hasOwn(made.facts.config.soups, made.model.product);
  const usesSoup = arm?.reference.some((name) => Object.hasOwn(made?.facts.config.soups ?? {}, name)) === true;
  return [
    "salsa",
    ...(isReward(facts) ? ["reward-model"] : []),
    ...(arm === undefined ? [] : arm.method === "dpo" ? ["dpo"] : ["rlhf", "ppo"]),
    ...(made?.model.kind === "sft" ? ["sft"] : []),
    ...(isSoup ? ["merge"] : []),
    ...(isSoup || usesSoup ? ["model-soup", "arxiv:2411.01798"] : []),
  ];
}

function introduction(facts: CardFacts): string {
  const { made, name } = facts.subject;
  if (made === undefined) {
    return `A checkpoint, ${codeSpan(name)}, that was given by its folder. **Say here what it is:** no run that made it is known.`;
  }
  const { model, facts: run } = made;
  const of = `run ${codeSpan(run.id)} of [SALSA](https://arxiv.org/abs/2411.01798)'s recipe`;
  const arm = run.config.arms[model.product];
  if (arm !== undefined) {
    const references = arm.reference.map((reference) => referenceWords(reference, run.config.soups)).join(" and ");
    if (arm.method === "dpo")
      return `A language model, trained by DPO on preference pairs, started at ${codeSpan(arm.init)} with ${references} as its reference: ${codeSpan(name)} of ${of}.`;
    return `A language model, trained by PPO on a reward model, started at ${codeSpan(arm.init)} and held by its KL to ${references}: ${codeSpan(name)} of ${of}.`;
  }
  const soup = Object.hasOwn(run.config.soups, model.product) ? run.config.soups[model.product] : undefined;
  if (soup !== undefined) return `A language model, ${soupWords(soup)}: ${codeSpan(name)} of ${of}.`;
  const kinds: Readonly<Record<string, string>> = {
    sft: "A language model, fine-tuned on examples",
    reward: "A reward model, trained on preferences: it gives an answer a score",
    base: "A language model, trained from nothing as the base of a run",
  };
  return `${kinds[model.kind] ?? "A model"}: ${codeSpan(name)} of ${of}.`;
}

function referenceWords(name: string, soups: Soups): string {
  const soup = Object.hasOwn(soups, name) ? soups[name] : undefined;
  return soup === undefined ? codeSpan(name) : `${codeSpan(name)}, ${soupWords(soup)}`;
}

type Soups = NonNullable<Subject["made"]>["facts"]["config"]["soups"];

/** Which models of the run another trainer has made, and what it does otherwise. */
function trainerNote({ subject: { made } }: CardFacts): readonly string[] {
  const lines = recordedTrainedNotes(made?.facts.state.tables ?? []);
  return lines.length === 0 ? [] : [literalLines(lines.join("\n"))];
}

/** First of all where the run is not whole, so that nobody takes parts for results. */
function statusNote({ subject: { made } }: CardFacts): readonly string[] {
  const status = made?.facts.state.status;
  if (status === undefined || status === "finished") return [];
  return [`> **The run is not finished: it is ${status}.** What follows is what there is so far.`];
}

/** How an arm was trained. */
function trainingRows(arm: RunConfig["arms"][string]): readonly (readonly [string, string])[] {
  if (arm.method === "dpo") {
    const pairs = arm.minibatchSize * arm.gradientAccumulation;
    const how = `${arm.dpoLoss}, label smoothing ${arm.labelSmoothing}, ${pairs} pairs a step, passes: ${arm.dpoEpochs}`;
    return [["DPO", valueText(`${how}, learning rate ${arm.learningRate}`)]];
  }
  const how = `${arm.iterations} iterations of ${arm.batchSize} rollouts, ${arm.ppoEpochs} passes`;
  return [
    ["KL", valueText(`${arm.klKind}, ${arm.klController}`)],
    ["PPO", valueText(`${how}, learning rate ${arm.learningRate}`)],
  ];
}

function factsTable(facts: CardFacts): string {
  const { settings, base, subject, isAdapter } = facts;
  const { made } = subject;
  const arm = made?.facts.config.arms[made.model.product];
  const choice = made?.facts.choices.find(
    ({ product, seed }) => product === made.model.product && seed === made.model.seed,
  );
  const rows: (readonly [string, string])[] = [
    ["Architecture", isAdapter ? `LoRA adapter, rank ${valueText(settings["r"])}` : architectureWords(settings)],
    ["Base", base === undefined ? (made === undefined ? "not known" : "none: trained from nothing") : sourceName(base)],
    ["Licence of the base", base === undefined ? "–" : licenceWords(base)],
    ...(made?.model.seed === undefined ? [] : [["Base seed", valueText(made.model.seed)] as const]),
    ...(arm === undefined
      ? []
      : ([
          ["Started at", codeSpan(arm.init)],
          ["Reference", arm.reference.map((name) => referenceWords(name, made?.facts.config.soups ?? {})).join("; ")],
          [
            "β",
            valueText(
              choice === undefined ? arm.betas.join(", ") : `${choice.chosen}, chosen of ${arm.betas.join(", ")}`,
            ),
          ],
          ...trainingRows(arm),
        ] as const)),
    ...(made === undefined
      ? []
      : ([
          [
            "Made with",
            literal(
              `SALSA ${made.facts.origin.salsa || "of an unknown version"}, ${made.facts.state.device || "on an unknown device"}`,
            ),
          ],
          ["Run", codeSpan(made.facts.id)],
        ] as const)),
  ];
  return tableOf(["", ""], rows);
}

function architectureWords(settings: JsonObject): string {
  const [architecture] = [settings["architectures"]].flat();
  const type = settings["dtype"] ?? settings["torch_dtype"];
  const sizes = (["num_hidden_layers", "hidden_size", "vocab_size"] as const).flatMap((field, at) => {
    const value = settings[field];
    return typeof value === "number" ? [`${["layers", "width", "vocabulary"][at] ?? ""} ${value}`] : [];
  });
  const words = [architecture ?? "not named in config.json", ...sizes, ...(type === undefined ? [] : [type])];
  return literal(words.map((word) => (typeof word === "string" ? word : JSON.stringify(word))).join(", "));
}

function sourceName({ hub, name, revision, commit }: ModelSource): string {
  if (hub === undefined) return `${codeSpan(name)}, a local folder`;
  const at = revision === undefined || revision === commit ? "" : ` at ${codeSpan(revision)}`;
  return `${codeSpan(hub)}${at}${commit === undefined ? "" : `, commit ${codeSpan(commit)}`}`;
}

function licenceWords({ licence, hub }: ModelSource): string {
  if (licence !== undefined) return literal(licence);
  return hub === undefined ? "**not known: fill it in**" : "**not stated there, or the hub could not be asked**";
}

function dataSection({ data, subject: { made } }: CardFacts): string {
  if (made === undefined) return "Not known: say here what it was trained on, and under which licences.";
  const { config, state } = made.facts;
  if (config.task !== undefined) {
    return `All of it was made by the task ${codeSpan(config.task.name)} from the seed: prompts, answers and preferences of no person.`;
  }
  const rows = data.map((source) => [
    literal(source.use),
    source.hub === undefined ? `${codeSpan(source.name)}, a local file` : codeSpan(source.hub),
    source.hub === undefined ? "–" : revisionWords(source),
    licenceWords(source),
  ]);
  const counts = (state.data ?? []).map(
    ({ kind, from: _from, ...count }) => `- ${literal(kind)}: ${literal(countsText(count))}`,
  );
  return [
    tableOf(["Use", "Data", "Revision", "Licence"], rows),
    ...(counts.length === 0 ? [] : ["Records:", counts.join("\n")]),
  ].join("\n\n");
}

function revisionWords({ revision = "main", commit }: ModelSource): string {
  if (commit === undefined) return `${codeSpan(revision)}, commit not known`;
  return revision === commit ? codeSpan(commit) : `${codeSpan(revision)}, which was ${codeSpan(commit)}`;
}

function rowsOf({ subject: { made } }: CardFacts): readonly TableRow[] {
  if (made === undefined) return [];
  const { product } = made.model;
  return made.facts.winRates.filter(({ a, b, seed }) => seed === "all" && (a === product || b === product));
}

function resultsSection(facts: CardFacts): string {
  const { subject, pictures } = facts;
  const rows = rowsOf(facts);
  if (subject.made === undefined || rows.length === 0) return "It was compared with no other model.";
  const { config } = subject.made.facts;
  const all = subject.made.facts.winRates;
  const cells = rows.map((row) => [
    literal(placeOf(row.benchmark)),
    `${codeSpan(row.a)} against ${codeSpan(row.b)}`,
    row.n === 0 ? "–" : percent(row.adjusted),
    row.n === 0 ? "–" : `${percent(row.low)} to ${percent(row.high)}`,
    row.n.toLocaleString("en-US"),
    String(row.nSeeds),
    probability("p", row.holm ?? row.p),
  ]);
  // Holm's correction counts all pairs of the run, and so the sentences are made of all of them.
  const ours = new Set(rows);
  const overall = all.filter(({ seed }) => seed === "all");
  const sentences = verdicts(all).filter((_, at) => ours.has(overall[at] ?? ({} as TableRow)));
  return [
    sentences.map((sentence) => `- ${sentence}`).join("\n"),
    ...images(pictures.results),
    tableOf(
      ["Benchmark", "Pair", "Adjusted win rate of the first", "95 % interval", "n", "Seeds", "Holm"],
      cells,
      [2, 4, 5],
    ),
    `Judged by the ${literal(judgeKind(config.evaluation.judge).title)}, each prompt in two games with sides swapped; a tie counts as half a win. ` +
      `${intervalWords(rows)}; n: comparisons; p: exact sign test, Holm's correction over all pairs of the run. Base seeds: ${valueText(config.seeds.join(", "))}.`,
  ].join("\n\n");
}

function curvesSection({ pictures, subject: { made } }: CardFacts): string {
  if (pictures.curves.length > 0) return images(pictures.curves).join("\n\n");
  return made === undefined
    ? "None are known."
    : "None: it was not trained itself, or no curves of its training are left.";
}

function images(pictures: readonly CardPicture[]): string[] {
  return pictures.map(({ title, path }) => `![${literal(title)}](${path})`);
}

function notRun(facts: CardFacts): string {
  const { made } = facts.subject;
  const rows = rowsOf(facts);
  const nSeeds = made?.facts.config.seeds.length ?? 0;
  return [
    "No public benchmark, and nothing about safety, bias, toxicity or factuality.",
    ...(rows.length === 0 ? ["No comparison with another model."] : []),
    ...(rows.length > 0 ? ["No judgment by people: win rates are as good as their judge."] : []),
    ...(made !== undefined && nSeeds === 1
      ? ["No other base seed: intervals say nothing about how another training would have come out."]
      : []),
    "These very files were not loaded in other programs, such as transformers or vLLM, before they were uploaded.",
  ]
    .map((line) => `- ${line}`)
    .join("\n");
}

function usage(facts: CardFacts): string {
  const { target, isAdapter, hasChatTemplate } = facts;
  const name = JSON.stringify(target);
  if (isAdapter)
    return fenced(
      [
        "from peft import AutoPeftModelForCausalLM",
        "",
        `model = AutoPeftModelForCausalLM.from_pretrained(${name})`,
      ].join("\n"),
      "python",
    );
  if (isReward(facts)) {
    const lines = [
      "from transformers import AutoModelForSequenceClassification, AutoTokenizer",
      "",
      `tokenizer = AutoTokenizer.from_pretrained(${name})`,
      `model = AutoModelForSequenceClassification.from_pretrained(${name})`,
      'score = model(**tokenizer("a prompt and its answer", return_tensors="pt")).logits[0, 0]',
    ];
    return fenced(lines.join("\n"), "python");
  }
  const ask = hasChatTemplate
    ? [
        'messages = [{"role": "user", "content": "Hello"}]',
        'inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")',
      ]
    : ['inputs = tokenizer("Hello", return_tensors="pt")'];
  const lines = [
    "from transformers import AutoModelForCausalLM, AutoTokenizer",
    "",
    `tokenizer = AutoTokenizer.from_pretrained(${name})`,
    `model = AutoModelForCausalLM.from_pretrained(${name})`,
    ...ask,
    "answer = model.generate(**inputs, max_new_tokens=128)",
    'print(tokenizer.decode(answer[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True))',
  ];
  return [fenced(lines.join("\n"), "python"), "As a service:", fenced(`vllm serve ${target}`, "sh")].join("\n\n");
}

function configSection({ subject: { made } }: CardFacts): string {
  if (made === undefined) return "";
  const text = JSON.stringify(publicConfig(made.facts.config), undefined, 2);
  return [
    "With every default filled in; of paths on the machine that ran it only the last part is shown.",
    "<details><summary>The config</summary>",
    fenced(text, "json"),
    "</details>",
  ].join("\n\n");
}
