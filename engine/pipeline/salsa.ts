/**
 * The recipe of SALSA (Chegini et al. 2024, arXiv:2411.01798), declared.
 *
 * Where it leaves the paper:
 * - The paper aligns 2B and 7B models on UltraFeedback; a config may do so, or bring any data, or take a task that makes
 *   its own (sections 4 and A).
 * - Each of several base seeds runs the whole recipe, so that win rates carry an interval over trainings; the paper has
 *   one run of each arm.
 * - An arm may list candidates for β. The best by mean score on a validation split is kept; the paper (section 4.1)
 *   keeps the one with the highest win rate.
 * - All models of a base seed answer with common random numbers, and arms start from one value head and one order of
 *   prompts: they differ by their settings, less by luck.
 * - The adaptation of β is a setting, and β is fixed by default; the paper leaves it open.
 * - Grids make several base models, SFTs and reward models of one base seed. Each arm learns from its own reward model;
 *   all answers are scored by the first, so that scores can be compared.
 */
import {
  type ArmConfig,
  type BenchmarkConfig,
  type RunConfig,
  type SoupConfig,
  type SourceConfig,
  VALIDATION,
  answersBenchmark,
  configAt,
  halvedArms,
  isByReward,
  judgesWhileTraining,
  keptAt,
  nameWith,
  namesOf,
  pairsOn,
  rewardName,
  rungsOf,
  sftName,
} from "../config/index.ts";
import { type Method, algorithmOf } from "../config/algorithms/index.ts";
import type { RecordKind } from "../data/index.ts";
import { judgeKind, judgeSettings } from "../evaluation/judges/index.ts";
import type { TableEntry } from "../evaluation/table.ts";
import { TEST_PROMPTS } from "../protocol/testPrompts.ts";
import { needOf } from "../soup/index.ts";
import { type ArtifactHandle, DataHandle, FileHandle, Recipe, type RungGate, type StagePlace } from "./recipe.ts";
import {
  answers,
  baseModel,
  choose,
  dpo,
  fileAnswers,
  halve,
  judge,
  preferences,
  rewardModel,
  rlhf,
  rung,
  serverAnswers,
  sft,
  soup,
  warm,
} from "./stages/index.ts";

/** A base seed's results without those that successive halving has left out. */
export function withoutDropped(result: SeedResult, dropped: ReadonlySet<string>): SeedResult {
  const isMade = ({ artifact }: { readonly artifact: ArtifactHandle }): boolean => !dropped.has(artifact.id);
  return {
    ...result,
    models: new Map([...result.models].filter(([, artifact]) => isMade({ artifact }))),
    answers: result.answers.filter(isMade),
    judgments: result.judgments.filter(isMade),
  };
}

/** Everything one base seed's recipe makes. */
export interface SeedResult {
  readonly seed: number;
  /** By the names of the config: `base`, `sft-1`, soups, arms. */
  readonly models: ReadonlyMap<string, ArtifactHandle>;
  /** By their names; the first one scores answers. */
  readonly rewards: ReadonlyMap<string, ArtifactHandle>;
  readonly answers: readonly {
    readonly model: string;
    readonly benchmark: string;
    readonly artifact: ArtifactHandle;
  }[];
  readonly judgments: readonly (Pick<TableEntry, "benchmark" | "a" | "b"> & { readonly artifact: ArtifactHandle })[];
}

/** SALSA: for every base seed, several SFTs of one base, a reward model, their soups, PPO or DPO against each reference. */
export function salsa(config: RunConfig): { readonly recipe: Recipe; readonly results: readonly SeedResult[] } {
  const recipe = new Recipe(config);
  const results = config.seeds.map((seed) => seedRecipe({ config, recipe, seed }));
  return { recipe, results };
}

interface Scope {
  readonly config: RunConfig;
  readonly recipe: Recipe;
  readonly seed: number;
}

function seedRecipe(scope: Scope): SeedResult {
  const { config, recipe, seed } = scope;
  const { data, sweep = {} } = config;
  const template = templateOf(config);
  const models = new Map<string, ArtifactHandle>();
  const model = (name: string): ArtifactHandle => known(models, name);
  /** Of the models that a name stands for, the one that goes with another. */
  const modelWith = (name: string, of: string): ArtifactHandle => model(nameWith(name, of, sweep));

  const bases = namesOf("base", sweep);
  for (const name of bases) models.set(name, baseOf(scope, name));
  // Only a model from nothing is swept.
  const changed = changedBase(scope, model(bases[0] ?? "base"));
  for (const sftSeed of config.sft.seeds) {
    for (const name of namesOf(sftName(sftSeed), sweep)) {
      const inputs = { base: modelWith(name, "base"), data: dataOf(data?.sft, "sft"), ...template };
      models.set(name, recipe.add(sft, { of: { seed, sftSeed }, inputs, place: at(scope, name) }));
    }
  }

  const initOf = (name: string): ArtifactHandle => model(configAt(config, name).reward.init);
  const pairs = new Map(
    namesOf("preferences", sweep).map(
      (name) => [name, pairsOf(scope, { name, model: initOf(name), changed })] as const,
    ),
  );
  const pairsWith = (name: string): ArtifactHandle | undefined => pairs.get(nameWith(name, "preferences", sweep));
  const rewards = new Map(
    namesOf("reward", sweep).map((name) => {
      const inputs = { init: initOf(name), pairs: pairsWith(name), changed };
      return [name, rewardOf(scope, name, inputs)] as const;
    }),
  );
  const rewardWith = (name: string): ArtifactHandle => known(rewards, nameWith(name, "reward", sweep));
  const [reward = rewardWith("reward")] = rewards.values();

  for (const [name, settings] of Object.entries(config.soups)) {
    const inputs = {
      of: settings.of.map(model),
      ...heldOutInputs(settings, { reward: rewardWith(name), data }),
      ...template,
      ...changed,
    };
    models.set(name, recipe.add(soup, { of: { name, seed }, inputs, place: at(scope, name) }));
  }

  const inputsOf = (name: string): ArmInputs => {
    const arm = knownArm(config, name);
    return {
      init: model(arm.init),
      reference: arm.reference.map(model),
      reward: rewardWith(name),
      data: dataOf(data?.prompts, "prompts"),
      pairs: pairsWith(name),
      ...template,
      ...changed,
    };
  };
  const gates = [...halvedArms(config)].map(([of, names]) => rungs(scope, { of, names, inputsOf, reward }));
  for (const [name, arm] of Object.entries(config.arms)) {
    const gate = gates.flatMap((one) => one.get(name) ?? []).at(0);
    models.set(name, alignedModel(scope, { name, arm, inputs: inputsOf(name), gate }));
  }

  const results = evaluated(scope, { models, reward, changed });
  answerTestPrompts(scope, { models, reward, changed });
  return { seed, models, rewards, ...results };
}

function baseOf(scope: Scope, name: string): ArtifactHandle {
  const { config, recipe, seed } = scope;
  const { model } = config;
  const place = at(scope, name);
  if ("checkpoint" in model) return recipe.checkpoint(model, place);
  return recipe.add(baseModel, { of: { seed }, inputs: {}, place });
}

/** The checkpoint that the models of a run with adapters change: only there it is an input of all stages that load one. */
interface ChangedBase {
  readonly base?: ArtifactHandle;
}

function changedBase({ config: { model } }: Scope, base: ArtifactHandle): ChangedBase {
  return "checkpoint" in model && model.lora !== undefined ? { base } : {};
}

/** A task's preference pairs, where a reward model or an arm learns them. */
function pairsOf(
  scope: Scope,
  { name, model, changed }: { readonly name: string; readonly model: ArtifactHandle; readonly changed: ChangedBase },
): ArtifactHandle | undefined {
  const { config, recipe, seed } = scope;
  const learns = ({ method }: ArmConfig): boolean => algorithmOf(method).learnsFrom === "pairs";
  const areLearned = config.reward.checkpoint === undefined || Object.values(config.arms).some(learns);
  if (config.task === undefined || !areLearned) return undefined;
  const inputs = { model, ...templateOf(config), ...changed };
  return recipe.add(preferences, { of: { seed }, inputs, place: at(scope, name) });
}

interface RewardInputs {
  readonly init: ArtifactHandle;
  readonly pairs: ArtifactHandle | undefined;
  readonly changed: ChangedBase;
}

/** The reward model: the config's own, one that is trained on pairs, or the mean of several that are (WARM). */
function rewardOf(scope: Scope, name: string, { init, pairs, changed }: RewardInputs): ArtifactHandle {
  const { config, recipe, seed } = scope;
  const place = at(scope, name);
  const { checkpoint, pinned } = config.reward;
  if (checkpoint !== undefined) return recipe.checkpoint({ checkpoint, ...(pinned && { pinned }) }, place);
  const inputs = { ...templateOf(config), ...changed };
  const data = dataOf(config.data?.preferences, "preferences");
  const learned = { pairs, data, ...inputs };
  const { seeds } = config.reward;
  if (seeds === undefined) return recipe.add(rewardModel, { of: { seed }, inputs: { init, ...learned }, place });
  const of = seeds.map((rewardSeed) =>
    recipe.add(rewardModel, {
      of: { seed, rewardSeed },
      inputs: { init, ...learned },
      place: at(scope, nameWith(name, rewardName(rewardSeed), config.sweep ?? {})),
    }),
  );
  return recipe.add(warm, { of: { seed }, inputs: { of, ...learned }, place });
}

interface ArmInputs {
  readonly init: ArtifactHandle;
  readonly reference: readonly ArtifactHandle[];
  readonly reward: ArtifactHandle;
  /** Prompts. */
  readonly data: DataHandle | undefined;
  /** A task's preferences. */
  readonly pairs: ArtifactHandle | undefined;
  readonly template?: FileHandle;
  readonly base?: ArtifactHandle;
}

interface ArmTraining {
  readonly of: { readonly arm: string; readonly beta: number; readonly seed: number };
  readonly inputs: ArmInputs;
  readonly place: StagePlace;
  readonly gate: RungGate | undefined;
}

/** The stage of each method, with those inputs that it learns from. */
const TRAININGS: Readonly<Record<Method, (scope: Scope, training: ArmTraining) => ArtifactHandle>> = {
  ppo: ({ config, recipe }, { inputs: { pairs: _pairs, ...shared }, ...training }) => {
    const inputs = { ...shared, ...watchPromptOf(config, training.of.arm) };
    return recipe.add(rlhf, { ...training, inputs });
  },
  dpo: ({ config, recipe }, { inputs: { reward: _reward, data: prompts, ...shared }, ...training }) => {
    const inputs = { ...shared, data: dataOf(config.data?.preferences, "preferences"), prompts };
    return recipe.add(dpo, { ...training, inputs });
  },
};

/** An arm trained; with several candidates for β, the one that does best on the validation split. */
function alignedModel(
  scope: Scope,
  {
    name,
    arm,
    inputs,
    gate,
  }: {
    readonly name: string;
    readonly arm: ArmConfig;
    readonly inputs: ArmInputs;
    readonly gate: RungGate | undefined;
  },
): ArtifactHandle {
  const { recipe, seed } = scope;
  const train = (beta: number, place: StagePlace): ArtifactHandle =>
    TRAININGS[arm.method](scope, { of: { arm: name, beta, seed }, inputs, place, gate });
  const [only, ...others] = arm.betas;
  if (only !== undefined && others.length === 0) return train(only, at(scope, name));
  const { init: _init, reference: _reference, pairs: _pairs, ...scored } = inputs;
  const candidates: ArtifactHandle[] = [];
  const validation: ArtifactHandle[] = [];
  for (const beta of arm.betas) {
    const candidate = train(beta, at(scope, name, { role: "candidate", beta }));
    const place = at(scope, name, { role: "validation", beta, benchmark: VALIDATION });
    const of = { benchmark: VALIDATION, isValidation: true, seed };
    candidates.push(candidate);
    validation.push(recipe.add(answers, { of, inputs: { model: candidate, ...scored }, place }));
  }
  return recipe.add(choose, { of: { arm: name }, inputs: { candidates, answers: validation }, place: at(scope, name) });
}

/** The swept arms of a config that are halved together. */
interface HalvedArms {
  /** The arm that is written. */
  readonly of: string;
  readonly names: readonly string[];
  readonly inputsOf: (arm: string) => ArmInputs;
  /** The one that scores all of them. */
  readonly reward: ArtifactHandle;
}

/**
 * The rungs of a sweep (successive halving, Jamieson and Talwalkar 2016, arXiv:1502.07943): at each, every arm that is left
 * has been trained for a part of its iterations, and the better half on the validation split goes on from there.
 * @returns The gates that the arms themselves come after, by name.
 */
function rungs(scope: Scope, { of: swept, names, inputsOf, reward }: HalvedArms): ReadonlyMap<string, RungGate> {
  const { config, recipe, seed } = scope;
  const nRungs = config.halving?.rungs ?? 0;
  /** The gate of a training of an arm up to some iteration. */
  let gateOf = (_name: string, _until: number): RungGate | undefined => undefined;
  let before: ArtifactHandle | undefined;
  for (let number = 1; number <= nRungs; number++) {
    const parts = new Map(
      names.map((name) => {
        const arm = knownArm(config, name);
        const { pairs: _pairs, ...inputs } = inputsOf(name);
        const { init: _init, reference: _reference, ...scored } = inputs;
        const until = rungsOf(arm.iterations, nRungs)[number - 1] ?? arm.iterations;
        const place = at(scope, name, { role: "validation", rung: number });
        const of = { arm: name, beta: arm.betas[0] ?? NaN, seed, until };
        const part = recipe.add(rung, {
          ...{ of, place, gate: gateOf(name, until) },
          inputs: { ...inputs, ...watchPromptOf(config, name) },
        });
        const answered = recipe.add(answers, {
          of: { benchmark: VALIDATION, isValidation: true, seed },
          inputs: { model: part, ...scored, reward },
          place: { ...place, benchmark: VALIDATION },
        });
        return [name, { until, part, answered }] as const;
      }),
    );
    const keeps = keptAt(names.length, number);
    const all = [...parts.values()];
    const verdict = recipe.add(halve, {
      of: { rung: number, iterations: all[0]?.until ?? 0, arms: names, keeps },
      inputs: { answers: all.map(({ answered }) => answered), before },
      place: at(scope, swept, { role: "validation", rung: number }),
    });
    before = verdict;
    gateOf = (arm, iterations) => {
      const { until, part } = parts.get(arm)!;
      return { verdict, arm, from: part, left: 1 - until / iterations, share: keeps / names.length };
    };
  }
  return new Map(
    names.flatMap((name) => {
      const gate = gateOf(name, knownArm(config, name).iterations);
      return gate === undefined ? [] : [[name, gate] as const];
    }),
  );
}

function knownArm({ arms }: RunConfig, name: string): ArmConfig {
  const arm = arms[name];
  if (arm === undefined) throw new RangeError(`recipe: there is no arm called ${name}`);
  return arm;
}

/** Models that answer, and the one that scores them. */
interface Answering extends Pick<SeedResult, "models"> {
  readonly reward: ArtifactHandle;
  readonly changed: ChangedBase;
}

/** Every model's answers to every benchmark, and the judge's word on every pair. */
function evaluated(scope: Scope, { models, reward, changed }: Answering): Pick<SeedResult, "answers" | "judgments"> {
  const { config, recipe, seed } = scope;
  const { benchmarks } = config.evaluation;
  const answered: SeedResult["answers"][number][] = [];
  const judged: SeedResult["judgments"][number][] = [];
  for (const benchmark of benchmarks) {
    const data = questionsOf(config.data?.benchmarks[benchmark]);
    const byModel = new Map<string, ArtifactHandle>();
    for (const [name, model] of models) {
      const of = { benchmark, isValidation: false, seed };
      const place = at(scope, name, { benchmark });
      const inputs = { model, reward, data, ...templateOf(config), ...changed };
      const artifact = recipe.add(answers, { of, inputs, place });
      byModel.set(name, artifact);
      answered.push({ model: name, benchmark, artifact });
    }
    for (const [contestant, own] of Object.entries(config.evaluation.contestants ?? {})) {
      if (!answersBenchmark(config.evaluation, contestant, benchmark)) continue;
      const place = at(scope, contestant, { benchmark });
      const file = own.answers === undefined ? undefined : new FileHandle(own.answers);
      const artifact =
        file === undefined
          ? recipe.add(serverAnswers, { of: { contestant, benchmark, seed }, inputs: { data }, place })
          : recipe.add(fileAnswers, { of: { benchmark }, inputs: { data, answers: file }, place });
      byModel.set(contestant, artifact);
      answered.push({ model: contestant, benchmark, artifact });
    }
    for (const [a, b] of pairsOn(benchmark, config.evaluation)) {
      const inputs = { ours: known(byModel, a), theirs: known(byModel, b), ...judgePromptOf(config) };
      const place = at(scope, a, { opponent: b, benchmark });
      const of = { names: [a, b], benchmark, seed } as const;
      judged.push({ benchmark, a, b, artifact: recipe.add(judge, { of, inputs, place }) });
    }
  }
  return { answers: answered, judgments: judged };
}

/** Every model's answers to the prompts that people keep an eye on: for them to read, and for no table. */
function answerTestPrompts(scope: Scope, { models, reward, changed }: Answering): void {
  const { config, recipe, seed } = scope;
  if (config.testPrompts === undefined) return;
  for (const [name, model] of models) {
    recipe.add(answers, {
      of: { benchmark: TEST_PROMPTS, isValidation: false, seed },
      inputs: { model, reward, data: undefined, ...templateOf(config), ...changed },
      place: at(scope, name, { benchmark: TEST_PROMPTS }),
    });
  }
}

/** A stage's place in a recipe. Runs with one base seed do not name it. */
function at({ config, seed }: Scope, product: string, more: Partial<StagePlace> = {}): StagePlace {
  return { product, role: "result", ...more, ...(config.seeds.length > 1 && { seed }) };
}

/** The reward model and the file that a soup is measured with, as far as its recipe asks for them. */
function heldOutInputs(
  soup: SoupConfig,
  { reward, data }: { readonly reward: ArtifactHandle; readonly data: RunConfig["data"] },
): { readonly reward: ArtifactHandle | undefined; readonly data: DataHandle | undefined } {
  const need = needOf(soup, soup.of.length);
  const files = { weights: undefined, examples: data?.sft, responses: data?.prompts };
  return {
    reward: isByReward(soup) ? reward : undefined,
    data: dataOf(files[need.on], need.on === "examples" ? "sft" : "prompts"),
  };
}

/** The chat template that the config names, if it does: only then is it an input, and part of keys. */
function templateOf({ chat }: RunConfig): { readonly template?: FileHandle } {
  return chat?.template === undefined ? {} : { template: new FileHandle(chat.template) };
}

/** The prompt file of the judge that compares an arm's policy with its start while it learns. */
function watchPromptOf(config: RunConfig, name: string): { readonly prompt?: FileHandle } {
  const arm = knownArm(config, name);
  const isWatched = arm.method === "ppo" && arm.evaluateEvery > 0 && judgesWhileTraining(config);
  return isWatched ? judgePromptOf(config) : {};
}

/** The prompt file of a judge that has one. */
function judgePromptOf({ evaluation }: RunConfig): { readonly prompt?: FileHandle } {
  const { judge: name } = evaluation;
  const file = judgeKind(name).promptFile?.(judgeSettings(name, evaluation));
  return file === undefined ? {} : { prompt: new FileHandle(file) };
}

function dataOf(source: SourceConfig | undefined, kind: RecordKind): DataHandle | undefined {
  return source === undefined ? undefined : new DataHandle(source, kind);
}

/** The questions of a benchmark. How they are answered does not change what they are. */
function questionsOf(benchmark: BenchmarkConfig | undefined): DataHandle | undefined {
  if (benchmark === undefined || typeof benchmark === "string") return dataOf(benchmark, "prompts");
  const { temperature: _temperature, ...source } = benchmark;
  return dataOf(source, "prompts");
}

function known(models: ReadonlyMap<string, ArtifactHandle>, name: string): ArtifactHandle {
  const found = models.get(name);
  // The config's checks leave no unknown names.
  if (found === undefined) throw new RangeError(`recipe: there is no model called ${name}`);
  return found;
}
