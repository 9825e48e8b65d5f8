import { splitPairs } from "../config/index.ts";
import { type ResponsePair, responseCount } from "../rl/dpoStep.ts";
import type { DiskList } from "../storage/diskList.ts";
import type { PromptFormat } from "../text/index.ts";
import { type TokenizedExample, Random } from "../training/index.ts";
import { assertUnchanged } from "./fingerprints.ts";
import {
  type PairSource,
  type PairSplit,
  type PairText,
  type ResponsePart,
  pairTexts,
  promptKey,
  splitByPrompt,
} from "./pairTexts.ts";

/** Token ids of a pair, cut where the reward model's are. What both of a prompt and its response begin with is the prompt. */
export function encodedPair(
  { prompt, chosen, rejected }: PairText,
  format: PromptFormat,
  maxLength: number,
): ResponsePair {
  const asked = format.encodePrompt(prompt);
  const example = ({ text, ended }: ResponsePart): TokenizedExample => {
    const tokens = format.encodeResponse(prompt, text, ended).slice(0, maxLength);
    const differs = tokens.findIndex((token, at) => token !== asked[at]);
    // Nothing comes before the first token, which so is never predicted.
    return { tokens, promptLength: Math.max(1, differs < 0 ? tokens.length : differs) };
  };
  return { chosen: example(chosen), rejected: example(rejected) };
}

/** Pairs of a list: numbers of those that are learned from, and of those that are not. */
interface ListedPairs extends PairSplit {
  /** Tokens of the longest sequence. */
  readonly length: number;
  /** Pairs to learn from that are left out, for one of their responses has no token. */
  readonly nUnusable: number;
}

/** Choices by which pairs are encoded and split. */
interface PairEncoding {
  readonly format: PromptFormat;
  readonly maxLength: number;
  /** Share of them. */
  readonly heldOut: number;
  readonly seed: number;
}

/** Encodes pairs onto a list, and splits them as the reward model's are, before any is left out. */
export async function listResponses(
  list: DiskList<ResponsePair>,
  source: PairSource,
  { format, maxLength, heldOut: share, seed }: PairEncoding,
): Promise<ListedPairs> {
  const prompts: bigint[] = [];
  const unusable = new Set<number>();
  let length = 2;
  for await (const text of pairTexts(source)) {
    const pair = encodedPair(text, format, maxLength);
    const { chosen, rejected } = pair;
    if (responseCount(chosen) === 0 || responseCount(rejected) === 0) unusable.add(prompts.length);
    else length = Math.max(length, chosen.tokens.length, rejected.tokens.length);
    prompts.push(promptKey(text.prompt));
    await list.add(pair);
  }
  await assertUnchanged(source.data);
  const nHeldOut = splitPairs(prompts.length, share).heldOut;
  const { heldOut, learned } = splitByPrompt(prompts, nHeldOut, Random.of(seed, "reward", "split"));
  const usable = (numbers: readonly number[]): readonly number[] => numbers.filter((number) => !unusable.has(number));
  const toLearn = usable(learned);
  return { learned: toLearn, heldOut: usable(heldOut), length, nUnusable: learned.length - toLearn.length };
}

/** Tokens of both responses of each pair, with their prompts. */
export function tokensOf(pairs: readonly ResponsePair[]): number {
  return pairs.reduce((sum, { chosen, rejected }) => sum + chosen.tokens.length + rejected.tokens.length, 0);
}
