import { digestOf } from "../data/index.ts";
import type { Question } from "../protocol/conversation.ts";
import { readPairs } from "../storage/formats/pairs.ts";
import type { Random } from "../training/index.ts";
import { preferenceTexts } from "./corpus.ts";
import type { Artifact, DataFile } from "./stage.ts";

/** Where preference pairs come from. */
export interface PairSource {
  /** Pairs made by a stage; undefined where the config brings a file. */
  readonly made: Artifact | undefined;
  readonly data: DataFile | undefined;
  /** Pairs of the file to take; undefined for all. */
  readonly count: number | undefined;
}

/** A preferred and another response to one prompt. */
export interface PairText {
  readonly prompt: Question;
  readonly chosen: ResponsePart;
  readonly rejected: ResponsePart;
  readonly margin?: number;
}

/** A response, and whether it ended by itself. */
export interface ResponsePart {
  readonly text: string;
  readonly ended: boolean;
}

/** The pairs of a source, in its order, one of a file in memory at a time. Those of a file are of finished responses. */
export async function* pairTexts({ made, data, count }: PairSource): AsyncGenerator<PairText, undefined> {
  if (made === undefined) {
    for await (const { prompt, chosen, rejected, margin } of preferenceTexts(data?.path ?? "", count)) {
      yield {
        prompt,
        chosen: { text: chosen, ended: true },
        rejected: { text: rejected, ended: true },
        ...(margin === undefined ? {} : { margin }),
      };
    }
    return;
  }
  for (const { prompt, chosen, chosenEnded, rejected, rejectedEnded } of await readPairs(made.folder)) {
    yield {
      prompt,
      chosen: { text: chosen, ended: chosenEnded },
      rejected: { text: rejected, ended: rejectedEnded },
    };
  }
}

/** Stands for the prompt that pairs share. */
export function promptKey(prompt: Question): bigint {
  return digestOf(typeof prompt === "string" ? prompt : JSON.stringify(prompt));
}

/** Numbers of pairs that are learned from, and of those that are not. */
export interface PairSplit {
  readonly heldOut: readonly number[];
  readonly learned: readonly number[];
}

/**
 * Holds back whole prompts, so that no held-out pair has a prompt that was learned from; at most `wanted` pairs.
 * @param prompts - Of the pairs, in their order.
 */
export function splitByPrompt(prompts: readonly bigint[], wanted: number, random: Random): PairSplit {
  const byPrompt = Map.groupBy(prompts.keys(), (number) => prompts[number]!);
  const held = new Set<bigint>();
  let count = 0;
  for (const [prompt, group] of random.shuffle([...byPrompt])) {
    if (count + group.length > wanted) continue;
    held.add(prompt);
    count += group.length;
  }
  const numbers = [...prompts.keys()];
  return {
    heldOut: numbers.filter((number) => held.has(prompts[number]!)),
    learned: numbers.filter((number) => !held.has(prompts[number]!)),
  };
}
