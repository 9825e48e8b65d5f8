import { BACKENDS } from "../compute/backends/index.ts";
import { algorithmOf } from "./algorithms/index.ts";
import { TASKS, taskKindOf } from "../evaluation/tasks/index.ts";
import { benchmarkKind } from "../evaluation/benchmarks/index.ts";
import { checkArms, checkReferences } from "./armChecks.ts";
import { checkCluster } from "./clusterChecks.ts";
import { checkContestants } from "./contestants.ts";
import { checkJudge, defaultJudge } from "./judging.ts";
import { checkBudget } from "./judgingCost.ts";
import { repeated, unknownBenchmark, unknownName } from "./complaints.ts";
import { PAIR_SETTINGS } from "./reward.ts";
import type { PartialConfig } from "./schema.ts";
import { shown } from "./explain.ts";
import { checkLora } from "./loraChecks.ts";
import type { Complaint } from "./complaint.ts";
import { checkAlikeNames } from "./nameChecks.ts";
import { modelNames, RESERVED_NAMES, rewardName, TASK_BENCHMARKS, VALIDATION } from "./names.ts";
import type { ModelNames, Naming } from "./names.ts";
import { checkSoups } from "./soupChecks.ts";
import { namesOf } from "./sweeps/products.ts";

/**
 * Everything that can be wrong between settings that are each right.
 *
 * @param config - As far as it can be read.
 * @param writtenKeys - Of its root.
 * @param naming - The parts that give names; undefined where it is not known for sure: to complain about each use of a name would
 *   bury the cause.
 */
export function crossChecks(
  config: PartialConfig,
  writtenKeys: ReadonlySet<string>,
  naming: Naming | undefined,
): Complaint[] {
  const isNamed = naming !== undefined;
  const names = modelNames(naming ?? { sft: { seeds: [] } });
  return [
    ...checkSource(config, writtenKeys),
    ...checkPreferences(config),
    ...checkModel(config),
    ...checkLora(config),
    ...checkPrecision(config),
    ...checkCluster(config),
    ...checkSeeds(config),
    ...checkSft(config),
    ...(isNamed ? checkClashes(config, names, naming) : []),
    ...checkAlikeNames(config, names),
    ...checkBenchmarkNames(config),
    ...checkBenchmarkKinds(config),
    ...checkTask(config),
    ...(isNamed ? checkNames(config, names) : []),
    ...checkJudging(config),
    ...checkArms(config),
  ];
}

function checkNames(config: PartialConfig, names: ModelNames): Complaint[] {
  const { reward, evaluation } = config;
  const [ingredients, policies] = [new Set(names.ingredients), new Set(names.policies)];
  const init = reward?.init === undefined ? [] : unknownName(["reward", "init"], reward.init, ingredients);
  const written = evaluation?.pairs ?? [];
  const pairs = written.flatMap((pair, index) => {
    const unknown = pair.flatMap((name, side) => unknownName(["evaluation", "pairs", index, side], name, policies));
    return unknown.length > 0 || pair[0] !== pair[1] ? unknown : [selfComparison(index, pair[0])];
  });
  const twice = repeated(
    ["evaluation", "pairs"],
    written.map(([ours, theirs]) => `${ours} vs ${theirs}`),
  );
  return [...checkSoups(config, names), ...init, ...checkReferences(config, names), ...pairs, ...twice];
}

function selfComparison(index: number, name: string): Complaint {
  const message = `compares ${shown(name)} with itself`;
  return { path: ["evaluation", "pairs", index], message, remedy: "name two different models" };
}

function checkSource({ task, data, model }: PartialConfig, writtenKeys: ReadonlySet<string>): Complaint[] {
  const [hasTask, hasData] = [writtenKeys.has("task"), writtenKeys.has("data")];
  if (hasTask && hasData) {
    return [{ path: ["data"], message: "is given together with task", remedy: "keep one of the two", atKey: true }];
  }
  if (!hasTask && !hasData) {
    const remedy = `add "task": { "name": "${TASKS[0].name}" }, or data with your own files`;
    return [{ path: [], message: "task or data is missing", remedy }];
  }
  if (data === undefined || model === undefined || model.checkpoint !== undefined || task !== undefined) return [];
  const remedy =
    'add "checkpoint": a Hugging Face folder, or hf:owner/name; only a task can train a model from nothing';
  return [{ path: ["model"], message: "checkpoint is missing, and data needs one", remedy }];
}

/** Pairs are needed where a reward model is trained, or an arm learns them; a section of its own errors may name a checkpoint. */
function checkPreferences({ data, reward, rlhf, arms = {} }: PartialConfig): Complaint[] {
  if (data === undefined || data.preferences !== undefined) return [];
  const methods = Object.entries(arms).map(([name, arm]) => ({ name, ...algorithmOf(arm.method ?? rlhf?.method) }));
  const learner = methods.find(({ learnsFrom }) => learnsFrom === "pairs");
  if (learner !== undefined) {
    const remedy = `give the pairs that arm ${learner.name} learns by ${learner.title}`;
    return [{ path: ["data", "preferences"], message: "is missing", remedy }];
  }
  if (reward === undefined || reward.checkpoint !== undefined) return [];
  const remedy = "give pairs to train the reward model on, or reward.checkpoint, which is one";
  return [{ path: ["data", "preferences"], message: "is missing", remedy }];
}

/** Settings of a training that a reward model from outside leaves out, as far as the config itself has written them. */
export function checkRewardTraining(written: unknown): Complaint[] {
  const reward = (written as { readonly reward?: unknown } | null)?.reward;
  if (typeof reward !== "object" || reward === null || !Object.hasOwn(reward, "checkpoint")) return [];
  const message = "would change nothing: checkpoint is not trained";
  const used: readonly string[] = learnsPairs(written) ? ["checkpoint", ...PAIR_SETTINGS] : ["checkpoint"];
  const others = Object.keys(reward).filter((key) => !used.includes(key));
  return others.map((key) => ({ path: ["reward", key], message, remedy: "remove one of the two", atKey: true }));
}

/** True if some arm is written to learn preference pairs itself. */
function learnsPairs(written: unknown): boolean {
  const { rlhf, arms } = written as { readonly rlhf?: unknown; readonly arms?: unknown };
  const learns = (one: unknown): boolean =>
    typeof one === "object" && one !== null && "method" in one && algorithmOf(one.method).learnsFrom === "pairs";
  return learns(rlhf) || (typeof arms === "object" && arms !== null && Object.values(arms).some(learns));
}

function checkTask({ task, model, reward }: PartialConfig): Complaint[] {
  if (task === undefined) return [];
  const { name, ...settings } = task;
  const kind = taskKindOf(name);
  const complaints: Complaint[] = kind
    .check(settings)
    .map((complaint) => ({ ...complaint, path: ["task", ...complaint.path] }));
  if (reward?.margin === true) {
    const message = "has no effect with a task, whose pairs have no margins";
    complaints.push({ path: ["reward", "margin"], message, remedy: "remove it", atKey: true });
  }
  if (kind.needsCheckpoint !== true || model === undefined || model.checkpoint !== undefined) return complaints;
  const message = `checkpoint is missing, and the task ${shown(name)} needs a model that can speak`;
  const remedy = 'add "checkpoint": a Hugging Face folder of a chat model, or hf:owner/name';
  return [...complaints, { path: ["model"], message, remedy }];
}

function checkModel({ model }: PartialConfig): Complaint[] {
  const architecture = model?.architecture;
  if (architecture === undefined) return [];
  const path = ["model", "architecture"];
  const { hiddenSize, nHeads, nKvHeads = nHeads } = architecture;
  const complaints: Complaint[] = [];
  if (model?.checkpoint !== undefined) {
    const remedy = "keep one of the two; a checkpoint brings its own architecture";
    complaints.push({ path, message: "is given together with checkpoint", remedy, atKey: true });
  }
  if (hiddenSize % (2 * nHeads) !== 0) {
    const message = `${hiddenSize} is not an even multiple of nHeads ${nHeads}`;
    complaints.push({
      path: [...path, "hiddenSize"],
      message,
      remedy: `use ${2 * nHeads * Math.max(1, Math.round(hiddenSize / nHeads / 2))}`,
    });
  }
  if (nHeads % nKvHeads !== 0) {
    const divisors = Array.from({ length: nHeads }, (_, i) => i + 1).filter((one) => nHeads % one === 0);
    const message = `${nKvHeads} does not divide nHeads ${nHeads}`;
    complaints.push({ path: [...path, "nKvHeads"], message, remedy: `use one of ${divisors.join(", ")}` });
  }
  return complaints;
}

/** A precision that the backend named beside it does not compute with; what "auto" takes is known only when it is chosen. */
function checkPrecision({ runtime }: PartialConfig): Complaint[] {
  const backend = BACKENDS.find(({ name }) => name === runtime?.backend);
  const precision = runtime?.precision;
  const precisions: readonly string[] = backend?.precisions ?? [];
  if (backend === undefined || precision === undefined || precisions.includes(precision)) return [];
  const message = `${shown(precision)} is not for ${backend.name}, which computes in ${precisions.join(" or ")}`;
  const others = BACKENDS.filter((one) => (one.precisions as readonly string[]).includes(precision));
  const remedy = `leave it out, or use runtime.backend ${others.map(({ name }) => name).join(" or ")}`;
  return [{ path: ["runtime", "precision"], message, remedy }];
}

function checkSeeds({ seeds, sft, reward }: PartialConfig): Complaint[] {
  return [
    ...repeated(["seeds"], seeds ?? []),
    ...repeated(["sft", "seeds"], sft?.seeds ?? []),
    ...repeated(["reward", "seeds"], reward?.seeds ?? []),
  ];
}

function checkSft({ sft }: PartialConfig): Complaint[] {
  if (sft?.steps === undefined || sft.epochs === undefined) return [];
  return [
    { path: ["sft", "steps"], message: "is given together with epochs", remedy: "keep one of the two", atKey: true },
  ];
}

/** Models and stages of one name. */
function checkClashes(
  { reward }: PartialConfig,
  names: ModelNames,
  { soups = {}, arms, sweep = {} }: Naming,
): Complaint[] {
  const taken = new Map([...RESERVED_NAMES, ...names.sfts.map((name) => [name, "an SFT"] as const)]);
  for (const seed of reward?.seeds ?? []) taken.set(rewardName(seed), "a reward model");
  for (const [name, holder] of [...taken]) for (const one of namesOf(name, sweep)) taken.set(one, holder);
  const clashes = (section: string, written: readonly string[]): Complaint[] =>
    written.flatMap((name) => {
      const holder = taken.get(name);
      if (holder === undefined) return [];
      const message = `is already the name of ${holder}`;
      return [{ path: [section, name], message, remedy: "choose another name", atKey: true }];
    });
  const ofSoups = clashes("soups", Object.keys(soups));
  for (const name of names.soups) taken.set(name, "a soup");
  const contestants = names.contestants.flatMap((name): Complaint[] => {
    const holder = taken.get(name) ?? (arms === undefined && names.arms.includes(name) ? "an arm" : undefined);
    if (holder === undefined) return [];
    const path = ["evaluation", "contestants", name];
    return [{ path, message: `is already the name of ${holder}`, remedy: "choose another name", atKey: true }];
  });
  for (const name of names.contestants) taken.set(name, "a contestant");
  if (arms !== undefined) return [...ofSoups, ...contestants, ...clashes("arms", Object.keys(arms))];
  const standIns = names.arms.filter((name) => Object.hasOwn(soups, name));
  const message = "is the name of the arm that stands in where none are written";
  const remedy = "choose another name, or write arms";
  return [
    ...ofSoups,
    ...contestants,
    ...standIns.map((name): Complaint => ({ path: ["soups", name], message, remedy, atKey: true })),
  ];
}

function checkBenchmarkNames({ data }: PartialConfig): Complaint[] {
  if (data?.benchmarks?.[VALIDATION] === undefined) return [];
  const message = "is the name of the split that settings are chosen on, which data.prompts gives";
  return [{ path: ["data", "benchmarks", VALIDATION], message, remedy: "choose another name", atKey: true }];
}

/** Settings of benchmarks that go with other kinds. */
function checkBenchmarkKinds({ data }: PartialConfig): Complaint[] {
  return Object.entries(data?.benchmarks ?? {}).flatMap(([name, one]) => {
    if (typeof one === "string") return [];
    const { kind, references, temperature, columns } = one;
    const path = (key: string): string[] => ["data", "benchmarks", name, key];
    const complaint = (key: string, message: string, remedy: string): Complaint => {
      return { path: path(key), message, remedy, atKey: true };
    };
    const complaints: Complaint[] = [];
    if (references !== undefined && (kind === undefined || !benchmarkKind(kind).takesReferences)) {
      complaints.push(complaint("references", "needs a benchmark that is judged with them", 'set "kind": "mt-bench"'));
    }
    if (temperature !== undefined && kind === undefined) {
      const remedy = 'set "kind": "prompts", or use evaluation.sampling.temperature';
      complaints.push(complaint("temperature", "needs a kind", remedy));
    }
    if (columns !== undefined && kind !== undefined && benchmarkKind(kind).schemaOf !== undefined) {
      complaints.push(complaint("columns", `is not needed: ${kind} says its own`, 'leave it out, or use "prompts"'));
    }
    return complaints;
  });
}

function checkJudging({ task, data, evaluation }: PartialConfig): Complaint[] {
  const benchmarks = task === undefined ? Object.keys(data?.benchmarks ?? {}) : TASK_BENCHMARKS;
  const isKnown = task !== undefined || data !== undefined;
  const complaints: Complaint[] = (isKnown ? (evaluation?.benchmarks ?? []) : []).flatMap((name, index) =>
    unknownBenchmark(["evaluation", "benchmarks", index], name, benchmarks),
  );
  complaints.push(...repeated(["evaluation", "benchmarks"], evaluation?.benchmarks ?? []));
  // Where neither or both are given, that is the thing to mend.
  const hasGold = task !== undefined || data === undefined;
  if (evaluation !== undefined) {
    const judge = evaluation.judge ?? defaultJudge({ hasGold });
    complaints.push(...checkJudge(evaluation, { hasGold }));
    complaints.push(...checkContestants(evaluation, { judge, ...(isKnown && { benchmarks }) }));
    complaints.push(...checkBudget(evaluation, judge));
  }
  return complaints;
}
