import * as z from "zod";
import { JUDGES, judgeKind } from "../evaluation/judges/index.ts";
import type { JudgeKind } from "../evaluation/judges/kind.ts";
import type { LlmSettings } from "../evaluation/judges/llmSettings.ts";
import { editorModelOf, isEditorAddress } from "../protocol/editorModels.ts";
import { DataError } from "../protocol/errors.ts";
import type { Complaint } from "./complaint.ts";
import { type AskedContestant, type ContestantSettings, answersBenchmark, isAsked } from "./contestants.ts";
import { evaluationSchema } from "./evaluation.ts";
import type { RunConfig } from "./resolved.ts";
import { type FewerRecords, answersAModel, judgedPairs, promptsThere } from "./sizes.ts";

/** Tokens of a judge's instructions and marks, and of a question, roughly. */
const [FRAME_TOKENS, QUESTION_TOKENS] = [300, 300];
/** Tokens of a judge's reply, as they usually are. */
const REPLY_TOKENS = 300;

/** Price of a model, US dollars per million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
}

/** Cost of asking a model about all games of a run, if nothing is kept from before. */
export interface ModelCost {
  readonly model: string;
  /** Its server, with the port; of an editor's model those who provide it, by the editor's word. */
  readonly server: string;
  /** True for one of the editor's, which a window asks. */
  readonly isEditors?: boolean;
  /** True for a server on this machine. */
  readonly isLocal: boolean;
  readonly keyVariable?: string;
  readonly nCalls: number;
  /** Of these, while policies are trained; absent for none. */
  readonly nWhileTraining?: number;
  /** True for one that answers the benchmarks; the others judge. */
  readonly isAnswering?: boolean;
  /** Tokens read, and written, as they usually are. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** US dollars, as it usually is and at most; undefined where the price is not known. */
  readonly price: number | undefined;
  readonly mostPrice: number | undefined;
}

const { llm, panel, contestants, prices, budget } = evaluationSchema.shape;
/** A run's own record of its config may come from somebody else, who would like to have another variable sent. */
const askedSchema = z.object({ llm, panel, contestants, prices, budget });

/**
 * Models that a config's judge asks; none for one that goes by scores.
 * @throws {DataError} when their settings are none that a config may have.
 */
export function judgeModels({ evaluation }: Pick<RunConfig, "evaluation">): readonly LlmSettings[] {
  const kind: JudgeKind | undefined = JUDGES.find(({ name }) => name === evaluation.judge);
  const models = kind?.models?.(evaluation) ?? [];
  const asksNobody = models.length === 0 && evaluation.contestants === undefined;
  if (kind !== undefined && (asksNobody || askedSchema.safeParse(evaluation).success)) return models;
  const remedy = "start the run again from its config";
  throw new DataError("the settings of its judge are none that a config may have", { file: "run.json", remedy });
}

/** Models of servers that a config asks: those that judge, and those that answer. @throws {DataError} like {@link judgeModels}. */
export function askedModels(config: Pick<RunConfig, "evaluation">): readonly ServerModel[] {
  return [...judgeModels(config), ...askedContestants(config.evaluation).map(([, own]) => own)];
}

function askedContestants({
  contestants = {},
}: Pick<RunConfig["evaluation"], "contestants">): readonly (readonly [name: string, own: AskedContestant])[] {
  return Object.entries(contestants).flatMap(([name, own]) => (isAsked(own) ? [[name, own] as const] : []));
}

/**
 * True if a config's language models judge policies while they are trained, too: models of servers, in the run's own process.
 * Training waits for no window of the editor, and a cluster's machines are sent no key.
 */
export function judgesWhileTraining(config: Pick<RunConfig, "evaluation" | "runtime">): boolean {
  const models = judgeModels(config);
  const isAway = config.runtime.cluster !== undefined || models.some(({ model }) => isEditorAddress(model));
  return models.length > 0 && !isAway;
}

/** A model of a server, and how it is asked. */
export type ServerModel = Omit<AskedContestant, "system" | "answers" | "benchmarks">;

/** The contestant of that name. */
export function contestantOf({ evaluation }: Pick<RunConfig, "evaluation">, name: string): ContestantSettings {
  const { contestants: all = {} } = evaluation;
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  // The config's checks leave no unknown names.
  if (found === undefined) throw new RangeError(`there is no contestant called ${name}`);
  return found;
}

/** Price of a model: as the config says; nothing on this machine; else undefined. */
export function priceOf(
  { evaluation }: { readonly evaluation: Pick<RunConfig["evaluation"], "prices"> },
  { model, baseUrl }: Pick<LlmSettings, "model" | "baseUrl">,
): ModelPrice | undefined {
  const { prices = {} } = evaluation;
  if (Object.hasOwn(prices, model)) return prices[model];
  return baseUrl !== undefined && isOnThisMachine(baseUrl) ? { input: 0, output: 0 } : undefined;
}

/**
 * Complaints about a budget that nothing would keep: calls of a model whose price is not known count as free. The editor's
 * models cost no dollars.
 *
 * @param evaluation - As written.
 * @param judge - Name of its judge, or of the one that stands in.
 */
export function checkBudget(
  evaluation: Pick<RunConfig["evaluation"], "budget" | "contestants" | "prices">,
  judge: string,
): Complaint[] {
  if (evaluation.budget === undefined) return [];
  const asked = askedContestants(evaluation).map(([, own]) => own);
  const models = [...(judgeKind(judge).models?.(evaluation) ?? []), ...asked];
  const isPaid = ({ model, baseUrl }: ServerModel): boolean => !isEditorAddress(model) && baseUrl !== undefined;
  const unknown = models.filter((own) => isPaid(own) && priceOf({ evaluation }, own) === undefined);
  if (unknown.length === 0) return [];
  const names = [...new Set(unknown.map(({ model }) => model))].join(", ");
  const remedy = "add it to evaluation.prices, in US dollars per million tokens, or leave the budget out";
  return [{ path: ["evaluation", "budget"], message: `cannot be kept: the price of ${names} is not known`, remedy }];
}

/**
 * Estimates what judging takes, and answering by servers, for each model that is asked. Reads nothing: prompts are as many
 * as the config asks for, or as its files have been found to hold where that is fewer (`short`).
 */
export function judgingCost(config: RunConfig, short: readonly FewerRecords[] = []): readonly ModelCost[] {
  return [...answeringCost(config, short), ...costOfJudges(config, short)];
}

/** Cost of contestants' answers: each is asked every question, of a later turn with what came before. */
function answeringCost(config: RunConfig, short: readonly FewerRecords[]): readonly ModelCost[] {
  judgeModels(config); // settings of a run's own record are checked before they are believed
  const { evaluation, seeds } = config;
  const { sampling } = evaluation;
  const usual = Math.min(REPLY_TOKENS, sampling.maxNewTokens);
  return askedContestants(evaluation).map(([name, own]) => {
    const benchmarks = evaluation.benchmarks.filter((benchmark) => answersBenchmark(evaluation, name, benchmark));
    const nCalls = seeds.length * answersAModel({ ...config, evaluation: { ...evaluation, benchmarks } }, short);
    return modelCost(config, own, {
      ...{ nCalls, isAnswering: true },
      usual: { read: QUESTION_TOKENS, written: usual },
      most: { read: QUESTION_TOKENS + sampling.maxNewTokens, written: sampling.maxNewTokens },
    });
  });
}

/** Tokens of a call. */
interface CallTokens {
  readonly read: number;
  readonly written: number;
}

interface Calls {
  readonly nCalls: number;
  readonly nWhileTraining?: number;
  readonly isAnswering?: boolean;
  readonly usual: CallTokens;
  readonly most: CallTokens;
}

function modelCost(
  config: RunConfig,
  own: ServerModel,
  { nCalls, nWhileTraining = 0, isAnswering, usual, most }: Calls,
): ModelCost {
  const price = priceOf(config, own);
  const dollars = ({ read, written }: CallTokens): number | undefined =>
    price && (nCalls * (read * price.input + written * price.output)) / 1e6;
  return {
    ...{ model: own.model, ...placeOf(own), nCalls },
    ...(nWhileTraining > 0 && { nWhileTraining }),
    ...(isAnswering === true && { isAnswering }),
    ...(own.keyVariable !== undefined && { keyVariable: own.keyVariable }),
    promptTokens: Math.round(nCalls * usual.read),
    completionTokens: nCalls * usual.written,
    price: dollars(usual),
    mostPrice: dollars(most),
  };
}

function costOfJudges(config: RunConfig, short: readonly FewerRecords[]): readonly ModelCost[] {
  const models = judgeModels(config);
  if (models.length === 0) return [];
  const { pairs, sampling } = config.evaluation;
  const nAnswered = config.seeds.length * answersAModel(config, short);
  const nPairs = judgedPairs(config, short);
  const looks = looksOf(config, short);
  return models.map((own) => {
    const isSingle = own.protocol === "single";
    // An answer's grade is the same in every pair; a pair is judged in two orders.
    const nAtEnd = isSingle ? nAnswered * new Set(pairs.flat()).size : 2 * nPairs;
    const nWhileTraining = own.samples * (isSingle ? looks.answers : 2 * looks.pairs);
    const nCalls = own.samples * nAtEnd + nWhileTraining;
    const answers = sampling.maxNewTokens * (isSingle ? 1 : 2);
    const frame = FRAME_TOKENS + QUESTION_TOKENS;
    return modelCost(config, own, {
      ...{ nCalls, nWhileTraining },
      usual: { read: frame + answers / 2, written: Math.min(REPLY_TOKENS, own.maxTokens) },
      most: { read: frame + answers, written: own.maxTokens },
    });
  });
}

/** Answers that are judged while policies are trained, those of their starts included, and pairs of them. */
function looksOf(
  config: RunConfig,
  short: readonly FewerRecords[],
): { readonly answers: number; readonly pairs: number } {
  const { arms, evaluation, seeds } = config;
  const validation = promptsThere(["evaluation", "validationPrompts"], evaluation.validationPrompts, { short });
  let [answers, pairs] = [0, 0];
  for (const arm of judgesWhileTraining(config) ? Object.values(arms) : []) {
    if (arm.method !== "ppo" || arm.evaluateEvery === 0) continue;
    const prompts = Math.min(arm.evaluatePrompts, validation) * seeds.length * arm.betas.length;
    const nLooks = Math.ceil(arm.iterations / arm.evaluateEvery);
    answers += prompts * (1 + nLooks);
    pairs += prompts * nLooks;
  }
  return { answers, pairs };
}

/** True if a run asks nobody but this machine, for nothing and without a key: then nobody needs to agree. */
export function isFree(costs: readonly ModelCost[]): boolean {
  return costs.every(({ isLocal, mostPrice, keyVariable }) => isLocal && mostPrice === 0 && keyVariable === undefined);
}

/** Cost of judging, in a sentence for each model. */
export function judgingCostTexts(costs: readonly ModelCost[], budget: number | undefined): readonly string[] {
  const lines = costs.map(
    ({
      model,
      server,
      keyVariable,
      nCalls,
      nWhileTraining,
      isAnswering,
      isEditors,
      promptTokens,
      completionTokens,
      price,
      mostPrice,
    }) => {
      const keyed = keyVariable === undefined ? "without a key" : `with the key in ${keyVariable}`;
      const way = isEditors === true ? "through a window of VS Code" : keyed;
      const tokens = `about ${rounded(promptTokens)} tokens read and ${rounded(completionTokens)} written`;
      const cost =
        price === undefined || mostPrice === undefined
          ? unknownPrice(isEditors)
          : `about $${price.toFixed(2)}, at most $${mostPrice.toFixed(2)}`;
      const what = isAnswering === true ? "answering sends prompts" : "judging sends prompts and answers";
      const early = nWhileTraining === undefined ? "" : `, ${nWhileTraining} of them while policies are trained`;
      return `${what} to ${server}, ${way}: at most ${nCalls} requests to ${model}${early}, ${tokens}; ${cost}. Replies that are kept from before cost nothing`;
    },
  );
  return budget === undefined || lines.length === 0
    ? lines
    : [...lines, `judging stops before it costs more than $${budget}`];
}

function unknownPrice(isEditors = false): string {
  return isEditors
    ? "they count in what your plan there allows"
    : "its price is not known: add it to evaluation.prices";
}

/** Two digits are as much as an estimate knows. */
function rounded(tokens: number): string {
  return Number(tokens.toPrecision(2)).toLocaleString("en-US");
}

function placeOf({ model, baseUrl = "" }: ServerModel): Pick<ModelCost, "server" | "isLocal" | "isEditors"> {
  const editors = editorModelOf(model);
  if (editors !== undefined) return { server: editors.vendor, isLocal: false, isEditors: true };
  return { server: hostOf(baseUrl), isLocal: isOnThisMachine(baseUrl) };
}

function isOnThisMachine(baseUrl: string): boolean {
  return /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(\/|$)/i.test(baseUrl);
}

/** Without what an address must not have, which may be a secret. */
function hostOf(baseUrl: string): string {
  return /^https?:\/\/([\w.:[\]-]{1,255})(?:\/|$)/i.exec(baseUrl)?.[1] ?? "an address that is none";
}
