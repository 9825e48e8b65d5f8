import { judgeSettings } from "../evaluation/judges/index.ts";
import { taskKindOf } from "../evaluation/tasks/index.ts";
import { LONGEST_RESPONSE } from "./algorithms/ppoSettings.ts";
import { LONGEST_ANSWER } from "./evaluation.ts";
import { defaultJudge } from "./judging.ts";
import { defaultArms, modelNames, sftName, TASK_BENCHMARKS } from "./names.ts";
import { nameOf, resolvePath, resolveSource } from "./paths.ts";
import type {
  ArchitectureConfig,
  ArmConfig,
  BaseModelConfig,
  BenchmarkConfig,
  ChatConfig,
  DataConfig,
  EvaluationConfig,
  LoraConfig,
  RunConfig,
  SoupConfig,
  SourceConfig,
} from "./resolved.ts";
import { ALL_LINEAR, LORA_TARGETS } from "./lora.ts";
import { architectureSchema } from "./model.ts";
import type { WrittenConfig } from "./schema.ts";
import { mlpWidth } from "./sizes.ts";
import { DEFAULT_SOUPS, type WrittenSoup, resolveSoup } from "./soup.ts";
import { type Combinations, likePairs, namesOf } from "./sweeps/products.ts";

/** Where a config lies: its name may come from the file and its paths are relative to the folder. */
export interface ConfigPlace {
  readonly file: string;
  readonly folder: string;
  /** Arms and soups that its grids have been written out as; undefined without a grid. */
  readonly combinations?: Combinations | undefined;
}

/** Fills in settings that follow from others and makes paths absolute. The config must have passed its checks. */
export function expandConfig(written: WrittenConfig, place: ConfigPlace): RunConfig {
  const { sft, reward, runtime } = written;
  const names = modelNames({ ...written, sweep: place.combinations });
  const { examples, epochs, steps, ...sftRest } = sft;
  const { checkpoint, init, pairs, ...rewardRest } = reward;
  const soups = expandSoups(written, names.sfts);
  const arms = expandArms(written, Object.keys(soups));
  const sizes = written.task === undefined ? undefined : taskKindOf(written.task.name).defaults;
  return {
    name: written.name ?? nameOf(place.file),
    seeds: written.seeds,
    ...(written.task === undefined ? {} : { task: written.task }),
    ...(written.data === undefined ? {} : { data: expandData(written.data, place.folder) }),
    ...expandChat(written.chat, place.folder),
    model: expandModel(written, place.folder),
    sft: {
      ...sftRest,
      examples: examples ?? sizes?.examples,
      duration: steps === undefined ? { epochs: epochs ?? 1 } : { steps },
    },
    reward: {
      ...rewardRest,
      ...(checkpoint === undefined ? {} : { checkpoint: resolveSource(place.folder, checkpoint) }),
      init: init ?? names.sfts[0] ?? firstSft(written),
      pairs: pairs ?? sizes?.pairs,
    },
    soups,
    arms,
    ...(place.combinations && { sweep: place.combinations }),
    ...(written.halving && { halving: written.halving }),
    evaluation: expandEvaluation(written, arms, place),
    runtime: { ...runtime, directory: resolvePath(place.folder, runtime.directory) },
  };
}

function firstSft({ sft }: WrittenConfig): string {
  return sftName(sft.seeds[0] ?? 0);
}

function expandData(data: NonNullable<WrittenConfig["data"]>, folder: string): DataConfig {
  const at = (source: SourceConfig): SourceConfig => {
    if (typeof source === "string") return resolveSource(folder, source);
    return { ...source, from: resolveSource(folder, source.from) };
  };
  const benchmarks = Object.entries(data.benchmarks ?? {}).map(([name, one]) => [name, benchmarkAt(one, folder)]);
  return {
    sft: at(data.sft),
    ...(data.preferences === undefined ? {} : { preferences: at(data.preferences) }),
    prompts: at(data.prompts),
    benchmarks: Object.fromEntries(benchmarks) as Record<string, BenchmarkConfig>,
  };
}

function benchmarkAt(one: BenchmarkConfig, folder: string): BenchmarkConfig {
  if (typeof one === "string") return resolveSource(folder, one);
  const { references } = one;
  return {
    ...one,
    from: resolveSource(folder, one.from),
    ...(references !== undefined && { references: resolvePath(folder, references) }),
  };
}

/** Only what departs from the defaults is there: it alone changes results, and so their keys. */
function expandChat(chat: WrittenConfig["chat"], folder: string): { readonly chat?: ChatConfig } {
  const { template, plainPrompts, date } = chat;
  const departures = {
    ...(template !== undefined && { template: resolvePath(folder, template) }),
    ...(plainPrompts !== "userTurn" && { plainPrompts }),
    ...(date !== undefined && { date }),
  };
  return Object.keys(departures).length === 0 ? {} : { chat: departures };
}

function expandModel({ model }: WrittenConfig, folder: string): BaseModelConfig {
  const saved = model.saveAs === "asBase" ? {} : { saveAs: model.saveAs };
  if (model.checkpoint !== undefined) {
    const lora = model.lora && { lora: expandLora(model.lora) };
    return { checkpoint: resolveSource(folder, model.checkpoint), ...lora, ...saved };
  }
  const { nKvHeads, intermediateSize, ...rest } = model.architecture ?? architectureSchema.parse({});
  const architecture: ArchitectureConfig = {
    ...rest,
    nKvHeads: nKvHeads ?? rest.nHeads,
    intermediateSize: intermediateSize ?? mlpWidth(rest.hiddenSize),
  };
  return { architecture, pretrain: model.pretrain, ...saved };
}

/** One order and no name twice, so that one meaning has one key. */
function expandLora({ targets, ...lora }: NonNullable<WrittenConfig["model"]["lora"]>): LoraConfig {
  return { ...lora, targets: LORA_TARGETS.filter((one) => targets === ALL_LINEAR || targets.includes(one)) };
}

function expandSoups(written: WrittenConfig, sfts: readonly string[]): Record<string, SoupConfig> {
  const soups: Readonly<Record<string, WrittenSoup>> = written.soups ?? DEFAULT_SOUPS;
  const isTask = written.task !== undefined;
  return Object.fromEntries(
    Object.entries(soups).map(([name, soup]) => [name, resolveSoup(soup, { of: soup.of ?? sfts, isTask })]),
  );
}

function expandArms(written: WrittenConfig, soups: readonly string[]): Record<string, ArmConfig> {
  const standIns = [...defaultArms(soups)].map(([name, reference]): [string, WrittenArm] => [name, { reference }]);
  const arms: Record<string, WrittenArm> = written.arms ?? Object.fromEntries(standIns);
  return Object.fromEntries(Object.entries(arms).map(([name, arm]) => [name, expandArm(written, arm)]));
}

type WrittenArm = NonNullable<WrittenConfig["arms"]>[string];

function expandArm(written: WrittenConfig, arm: WrittenArm): ArmConfig {
  const { beta, init, reference, maxNewTokens, ...rest } = overlaid(written.rlhf, arm);
  const start = init ?? firstSft(written);
  return {
    ...rest,
    init: start,
    reference: listOf(reference ?? start),
    betas: listOf(beta),
    maxNewTokens: maxNewTokens ?? longestAnswer(written, LONGEST_RESPONSE),
  };
}

/** An arm's own settings over those of all arms. */
function overlaid(rlhf: WrittenConfig["rlhf"], arm: WrittenArm): WrittenConfig["rlhf"] {
  const own = Object.fromEntries(Object.entries(arm).filter(([, value]) => value !== undefined));
  return { ...rlhf, ...own };
}

/** Tokens of an answer where the config says nothing: a model made for a task, or a task for models, has its own. */
function longestAnswer({ task, model }: WrittenConfig, otherwise: number): number {
  if (task === undefined) return otherwise;
  const { defaults, needsCheckpoint = false } = taskKindOf(task.name);
  return needsCheckpoint || model.checkpoint === undefined ? defaults.maxNewTokens : otherwise;
}

function listOf<T extends string | number>(value: T | readonly T[]): readonly T[] {
  return typeof value === "object" ? value : [value];
}

function expandEvaluation(
  written: WrittenConfig,
  arms: Readonly<Record<string, ArmConfig>>,
  { folder, combinations }: ConfigPlace,
): EvaluationConfig {
  const { benchmarks, pairs, sampling, ...rest } = written.evaluation;
  const isTask = written.task !== undefined;
  const judge = rest.judge ?? defaultJudge({ hasGold: isTask });
  const known = isTask ? TASK_BENCHMARKS : Object.keys(written.data?.benchmarks ?? {});
  return {
    ...rest,
    ...judgeSettings(judge, rest),
    ...(rest.llm?.promptFile !== undefined && {
      llm: { ...rest.llm, promptFile: resolvePath(folder, rest.llm.promptFile) },
    }),
    ...(rest.contestants && { contestants: expandContestants(rest.contestants, folder) }),
    benchmarks: benchmarks ?? known,
    judge,
    pairs: pairs ?? [
      ...standardPairs(arms, combinations),
      ...pairsWithServers(arms, Object.keys(rest.contestants ?? {})),
    ],
    sampling: { ...sampling, maxNewTokens: sampling.maxNewTokens ?? longestAnswer(written, LONGEST_ANSWER) },
  };
}

function expandContestants(
  contestants: NonNullable<EvaluationConfig["contestants"]>,
  folder: string,
): EvaluationConfig["contestants"] {
  const each = Object.entries(contestants).map(([name, one]) => {
    return [name, one.answers === undefined ? one : { ...one, answers: resolvePath(folder, one.answers) }] as const;
  });
  return Object.fromEntries(each);
}

/** Every arm against every contestant. */
function pairsWithServers(
  arms: Readonly<Record<string, ArmConfig>>,
  contestants: readonly string[],
): [string, string][] {
  return contestants.flatMap((name) => Object.keys(arms).map((arm): [string, string] => [arm, name]));
}

/** Every later arm against the first, and every arm against its start; of an arm that is swept, like against like. */
function standardPairs(
  arms: Readonly<Record<string, ArmConfig>>,
  combinations: Combinations = {},
): (readonly [string, string])[] {
  const [first, ...others] = Object.keys(arms);
  const firsts = first === undefined ? [] : namesOf(combinations[first]?.of ?? first, combinations);
  const later = others.filter((name) => !firsts.includes(name));
  const progress = Object.entries(arms).map(([name, arm]) => [name, arm.init] as const);
  return [...likePairs(later, firsts, combinations), ...progress];
}
