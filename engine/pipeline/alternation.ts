import { IDLE_BYTES } from "../models/index.ts";
import type { ReadCost } from "./cost.ts";

/** Memory that a part of a stage takes while it is at work, beside what the stage holds throughout, bytes. */
export interface MemoryTurn {
  readonly memoryBytes: number;
  readonly cardBytes: number;
  /** Of the memory: weights that leave afterwards. */
  readonly weightBytes: number;
}

/** Memory that a stage's parts hold throughout, and the most that one takes in its turn. */
export interface Alternation {
  readonly resident: MemoryTurn;
  /** The turn that takes most. */
  readonly most: MemoryTurn;
  readonly mostOnCard: MemoryTurn;
}

/** Models that generate or score in turns. */
interface Reading {
  readonly read: ReadCost;
  /** Models that only score. */
  readonly scoring: number;
  /** Of them, those that are at work together; one unless given. */
  readonly atOnce?: number;
  /** The model that generates is one of those that are read, and not one that is trained. */
  readonly isReader?: boolean;
  /** Arenas of what else has its turn. */
  readonly others?: readonly Pick<ReadCost["scored"], "arenaBytes" | "cardArenaBytes">[];
}

/**
 * How much memory the parts of a stage take that are at work one after the other: models that are large are on the device
 * only in their turn, so are large caches, and the arena is as large as the turn's programs need. What is small stays.
 */
export function alternation({ read, scoring, atOnce = 1, isReader = false, others = [] }: Reading): Alternation {
  const { model, generated, scored } = read;
  const leaves = model.storedBytes >= IDLE_BYTES;
  const cacheLeaves = generated.cacheBytes >= IDLE_BYTES;
  const staying = (leaves ? 0 : scoring + (isReader ? 1 : 0)) * model.weightBytes;
  const cache = cacheLeaves ? generated.cacheBytes : 0;
  const turn = (weights: number, cached: number, arena: typeof scored): MemoryTurn => {
    const held = leaves ? weights * model.weightBytes : 0;
    const memoryBytes = held + cached + arena.arenaBytes;
    return { memoryBytes, cardBytes: held + cached + arena.cardArenaBytes, weightBytes: held };
  };
  const turns = [
    ...others.map((one) => turn(0, 0, { ...one, cardOwnBytes: 0 })),
    turn(isReader ? 1 : 0, cache, generated),
    turn(Math.min(atOnce, scoring), 0, scored),
  ];
  const stays = staying + generated.cacheBytes - cache;
  const most = (of: (turn: MemoryTurn) => number): MemoryTurn =>
    turns.reduce((one, other) => (of(other) > of(one) ? other : one));
  return {
    resident: {
      memoryBytes: stays,
      cardBytes: stays + generated.cardOwnBytes + scored.cardOwnBytes,
      weightBytes: staying,
    },
    most: most((one) => one.memoryBytes),
    mostOnCard: most((one) => one.cardBytes),
  };
}
