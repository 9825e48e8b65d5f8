import { type RunConfig, variantsOf } from "../config/index.ts";
import type { AnyRecord, Finding, NamedCheck, RecordKind, RowPlace } from "../data/index.ts";
import type { ModelConfig } from "../models/index.ts";
import { DataError } from "../protocol/errors.ts";
import type { Preference, Prompt } from "../storage/datasets.ts";
import { stableHash } from "../storage/json.ts";
import { type LearnedTurns, type PromptFormat, ChatTemplateError } from "../text/index.ts";
import { firstTarget } from "../training/index.ts";
import type { SftExample } from "../protocol/conversation.ts";
import { type ChatChoice, chatSlice, loadFormat } from "./chatChoice.ts";
import { loadConfig } from "./modelFolder.ts";
import { jsonOf } from "./stage.ts";

/** To be raised whenever a check would find something else in the same records. */
const REVISION = 3;

/** How a config's base model sees records: by which tokens, and how many of them. */
export interface ModelView {
  readonly format: PromptFormat;
  readonly model: Pick<ModelConfig, "vocabularySize" | "maxPositions">;
  /** Tokens at which examples and pairs are cut, and where prompts must have ended. */
  readonly limits: Readonly<Record<RecordKind, number>>;
  readonly learnedTurns: LearnedTurns;
  /** True if the tokenizer has tokens that the embedding lacks. */
  readonly mayLackTokens: boolean;
  /** Stands for all of this: tokenizer, template, lengths. */
  readonly name: string;
}

/**
 * How the config's base model sees records; undefined where it is trained from nothing, on a task's own text.
 * @throws {CheckpointError} {ModelConfigError} {TokenizerError} when it cannot be read.
 */
export async function viewOf(config: RunConfig): Promise<ModelView | undefined> {
  if (!("checkpoint" in config.model)) return undefined;
  const { checkpoint } = config.model;
  const template = config.chat?.template;
  const choice: ChatChoice = { ...chatSlice(config), ...(template !== undefined && { template: { path: template } }) };
  // Of a swept length the shortest: what can be learned from then can be learned from at any.
  const all = variantsOf(config);
  return viewOfFolder(checkpoint, {
    choice,
    learnedTurns: config.sft.learnedTurns,
    mostTokens: {
      sft: Math.min(...all.map(({ sft }) => sft.maxLength)),
      preferences: Math.min(...all.map(({ reward }) => reward.maxLength)),
    },
  });
}

/** Choices that a view depends on beside the checkpoint. */
export interface ViewSettings {
  readonly choice?: ChatChoice;
  readonly learnedTurns?: LearnedTurns;
  /** Lengths of the config; the model's own hold, too. */
  readonly mostTokens?: Readonly<Partial<Record<RecordKind, number>>>;
}

/** How the model of a folder sees records. @throws {CheckpointError} {ModelConfigError} {TokenizerError} */
export async function viewOfFolder(
  folder: string,
  { choice = {}, learnedTurns = "all", mostTokens = {} }: ViewSettings = {},
): Promise<ModelView> {
  const { vocabularySize, maxPositions } = await loadConfig(folder);
  const format = await loadFormat(folder, choice);
  const limitOf = (kind: RecordKind): number => Math.min(mostTokens[kind] ?? Infinity, maxPositions);
  const limits = { sft: limitOf("sft"), preferences: limitOf("preferences"), prompts: maxPositions };
  const { files } = format.tokenizer;
  const name = stableHash({
    ...{ revision: REVISION, vocabularySize, limits, learnedTurns, ends: format.ends },
    ...{ tokenizer: jsonOf(files), template: format.source?.text ?? null, choices: jsonOf(choice.chat ?? {}) },
  });
  const mayLackTokens = format.tokenizer.vocabularySize > vocabularySize;
  return { format, model: { vocabularySize, maxPositions }, limits, learnedTurns, mayLackTokens, name };
}

/** A sequence of tokens as a model sees it. */
export interface SeenSequence {
  readonly role: "example" | "chosen" | "rejected" | "prompt";
  /** All of them, before anything is cut. */
  readonly tokens: readonly number[];
  /** 1 for tokens that the loss falls on; of pairs, for those of the response, which is scored at its end. */
  readonly learned: Uint8Array;
  /** Tokens from the first on that are used; the others are cut off. */
  readonly used: number;
}

/**
 * A record as a view's model sees it, token by token.
 * @throws {ChatTemplateError} when the template refuses it.
 */
function seen(record: AnyRecord, kind: RecordKind, view: ModelView): readonly SeenSequence[] {
  switch (kind) {
    case "sft":
      return [seenExample(record as SftExample, view)];
    case "preferences":
      return seenPair(record as Preference, view);
    case "prompts":
      return [seenPrompt(record as Prompt, view)];
  }
}

function seenExample(example: SftExample, { format, limits, learnedTurns }: ModelView): SeenSequence {
  const { tokens, promptLength, learned } = format.encodeExample(example, learnedTurns);
  const mask = learned === undefined ? maskFrom(tokens.length, promptLength) : Uint8Array.from(learned);
  mask.fill(0, 0, firstTarget(promptLength));
  return { role: "example", tokens, learned: mask, used: Math.min(tokens.length, limits.sft) };
}

function seenPair({ prompt, chosen, rejected }: Preference, { format, limits }: ModelView): readonly SeenSequence[] {
  const promptLength = format.encodePrompt(prompt).length;
  return (
    [
      ["chosen", chosen],
      ["rejected", rejected],
    ] as const
  ).map(([role, response]) => {
    const tokens = format.encodeResponse(prompt, response, true);
    const learned = maskFrom(tokens.length, promptLength);
    return { role, tokens, learned, used: Math.min(tokens.length, limits.preferences) };
  });
}

function seenPrompt({ prompt }: Prompt, { format, limits }: ModelView): SeenSequence {
  const tokens = format.encodePrompt(prompt);
  return {
    role: "prompt",
    tokens,
    learned: new Uint8Array(tokens.length),
    used: Math.min(tokens.length, limits.prompts),
  };
}

function maskFrom(length: number, promptLength: number): Uint8Array {
  return new Uint8Array(length).fill(1, Math.min(length, promptLength));
}

/** Why a record is of no use to a view's model; undefined where it is fit. */
function findingOf(
  sequences: readonly SeenSequence[],
  { kind, view }: { readonly kind: RecordKind; readonly view: ModelView },
): Finding | undefined {
  const [first, second] = sequences;
  if (first === undefined) return undefined;
  const limit = view.limits[kind];
  if (kind === "prompts") return promptFinding(first.tokens.length, limit);
  const setting = kind === "sft" ? "sft.maxLength" : "reward.maxLength";
  const longer =
    limit < view.model.maxPositions ? `raise ${setting}, or shorten it` : "shorten it: the model sees no more";
  const isLearned = sequences.some(({ learned, used }) => learned.subarray(0, used).includes(1));
  if (!isLearned) {
    const what = `no response token is left within ${limit} tokens: its prompt takes ${first.learned.indexOf(1)}`;
    return { reason: "noResponseToken", what, remedy: longer };
  }
  const unknown = unknownFinding(sequences, view);
  if (unknown !== undefined) return unknown;
  if (second === undefined || !isSame(first, second)) return undefined;
  const isCut = first.used < first.tokens.length || second.used < second.tokens.length;
  const what = isCut
    ? `chosen and rejected are the same, once cut at ${limit} tokens`
    : "chosen and rejected are the same";
  return { reason: "sameAnswers", what, remedy: isCut ? longer : "correct one of them" };
}

/**
 * More than half of all that would be learned from stands for text that the tokenizer has no token for, such as another
 * script's. Prompts alone may be in any words: a benchmark's are asked as they are.
 */
function unknownFinding(sequences: readonly SeenSequence[], { format }: ModelView): Finding | undefined {
  const { unknown } = format.tokenizer;
  if (unknown === undefined) return undefined;
  let [nUsed, nUnknown] = [0, 0];
  for (const { tokens, used } of sequences) {
    nUsed += used;
    for (let at = 0; at < used; at++) nUnknown += Number(tokens[at] === unknown);
  }
  if (2 * nUnknown <= nUsed) return undefined;
  const what = `the tokenizer does not know ${nUnknown} of its ${nUsed} tokens`;
  return { reason: "unknownTokens", what, remedy: "choose a model for such text in model.checkpoint, or take it out" };
}

function promptFinding(nTokens: number, limit: number): Finding | undefined {
  if (nTokens === 0) return { reason: "noTokens", what: "the prompt has no tokens", remedy: "give it words" };
  if (nTokens < limit) return undefined;
  const what = `the prompt has ${nTokens} tokens, which leaves no room for an answer: the model sees ${limit}`;
  return { reason: "overlongPrompt", what, remedy: "shorten it" };
}

function isSame(a: SeenSequence, b: SeenSequence): boolean {
  if (a.used !== b.used) return false;
  for (let at = 0; at < a.used; at++) if (a.tokens[at] !== b.tokens[at]) return false;
  return true;
}

/** A record as a model sees it, and what is wrong with it: something that a setting decides on, or an error. */
export interface Examined {
  readonly sequences: readonly SeenSequence[];
  readonly finding?: Finding | undefined;
  readonly error?: DataError | undefined;
}

/** Reading of a record by a view's model; the record stands at a place. */
export function examine(
  record: AnyRecord,
  place: RowPlace,
  { kind, view }: { readonly kind: RecordKind; readonly view: ModelView },
): Examined {
  let sequences: readonly SeenSequence[];
  try {
    sequences = seen(record, kind, view);
  } catch (cause) {
    if (!(cause instanceof ChatTemplateError)) throw cause;
    return { sequences: [], error: new DataError(cause.what, { ...place, remedy: cause.remedy }, { cause }) };
  }
  const error = lackedToken(sequences, place, view);
  return error === undefined ? { sequences, finding: findingOf(sequences, { kind, view }) } : { sequences, error };
}

/**
 * Tells if a view's model can use a record of a kind.
 * @throws {DataError} naming its place, when the template refuses it or the model has no embedding of a token.
 */
export function checkOf(kind: RecordKind, view: ModelView): NamedCheck {
  return {
    name: view.name,
    check(record, place) {
      const { finding, error } = examine(record, place, { kind, view });
      if (error !== undefined) throw error;
      return finding;
    },
  };
}

function lackedToken(
  sequences: readonly SeenSequence[],
  place: RowPlace,
  { format, model: { vocabularySize }, mayLackTokens }: ModelView,
): DataError | undefined {
  if (!mayLackTokens) return undefined;
  for (const { tokens, used } of sequences) {
    const id = tokens.slice(0, used).find((one) => one >= vocabularySize);
    if (id === undefined) continue;
    const token = JSON.stringify(format.tokenizer.tokenOf(id) ?? "");
    const what = `the token ${token} has id ${id}, and the model's embedding has ${vocabularySize} rows`;
    const remedy =
      "resize the embeddings (model.resize_token_embeddings(len(tokenizer)) in transformers), or take it out of the tokenizer";
    return new DataError(what, { ...place, remedy });
  }
  return undefined;
}
