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

/** The pairs of a source, in its order. Those of a file are of finished responses. */
export async function pairTexts({ made, data, count }: PairSource): Promise<readonly PairText[]> {
  if (made === undefined) {
    return (await preferenceTexts(data?.path ?? "", count)).map(({ prompt, chosen, rejected, margin }) => ({
      prompt,
      chosen: { text: chosen, ended: true },
      rejected: { text: rejected, ended: true },
      ...(margin === undefined ? {} : { margin }),
    }));
  }
  return (await readPairs(made.folder)).map(({ prompt, chosen, chosenEnded, rejected, rejectedEnded }) => ({
    prompt,
    chosen: { text: chosen, ended: chosenEnded },
    rejected: { text: rejected, ended: rejectedEnded },
  }));
}

/** The text that pairs of one prompt share. */
export function promptKey(prompt: Question): string {
  return typeof prompt === "string" ? prompt : JSON.stringify(prompt);
}

/** Holds back whole prompts, so that no held-out pair has a prompt that was learned from; at most `wanted` pairs. */
export function splitByPrompt<P extends { readonly prompt: string }>(
  pairs: readonly P[],
  wanted: number,
  random: Random,
): { readonly heldOut: readonly P[]; readonly learned: readonly P[] } {
  const byPrompt = Map.groupBy(pairs, ({ prompt }) => prompt);
  const held = new Set<string>();
  let count = 0;
  for (const [prompt, group] of random.shuffle([...byPrompt])) {
    if (count + group.length > wanted) continue;
    held.add(prompt);
    count += group.length;
  }
  return {
    heldOut: pairs.filter(({ prompt }) => held.has(prompt)),
    learned: pairs.filter(({ prompt }) => !held.has(prompt)),
  };
}
