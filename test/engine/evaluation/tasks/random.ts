import type { Rng } from "../../../../engine/evaluation/tasks/task.ts";

/** A small seeded generator (mulberry32), so that these tests need none of the engine's. */
export function seeded(seed: number): Rng {
  let state = seed >>> 0;
  return {
    uniform() {
      state = (state + 0x6d2b79f5) | 0;
      let word = Math.imul(state ^ (state >>> 15), 1 | state);
      word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
      return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
