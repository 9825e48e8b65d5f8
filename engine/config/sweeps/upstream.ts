import { sftName, rewardName } from "../names.ts";
import { PAIR_SETTINGS, rewardSchema } from "../reward.ts";
import { sftSchema } from "../sft.ts";
import { isRecord, valueAt } from "../walk.ts";
import type { SweepAxis, ValueGrid } from "./products.ts";
import { UPSTREAM, isIn } from "./sections.ts";

/** Settings of an arm or a soup, as written. */
export type WrittenEntry = Readonly<Record<string, unknown>>;

/** An arm or soup that is written, or a model that they are made of, and what takes several values in it. */
export interface SweptEntry {
  readonly section: "arms" | "soups" | "upstream";
  readonly name: string;
  readonly entry: WrittenEntry;
  /** None for one that stays as it is. */
  readonly axes: readonly SweepAxis[];
}

/** Models that are trained before any soup, with their axes. */
export interface UpstreamEntries {
  /** Base model, SFTs, a task's preference pairs, reward models. */
  readonly entries: readonly SweptEntry[];
  /** Names of the SFTs, as they are without grids. */
  readonly sfts: readonly string[];
  /** Axes of what arms learn from, by `learnsFrom` of their method. */
  readonly learned: Readonly<Record<"pairs" | "rewards", readonly SweepAxis[]>>;
}

/** The models that a config makes before its soups, and their axes: each has those of what it is made of, too. */
export function upstreamEntries(config: WrittenEntry, grids: readonly ValueGrid[]): UpstreamEntries {
  const axesOf = (word: keyof typeof UPSTREAM): readonly SweepAxis[] =>
    grids.filter(({ path }) => isIn(path, UPSTREAM[word])).map((grid) => axisOf(word, grid));
  const seeds = (key: string, section: typeof sftSchema | typeof rewardSchema): readonly number[] =>
    section.shape.seeds.safeParse(valueAt(config, [key, "seeds"])).data ?? [];
  const sfts = seeds("sft", sftSchema).map(sftName);
  const { init = sfts[0], checkpoint } = isRecord(config["reward"]) ? config["reward"] : {};
  const base = axesOf("pretrain");
  const sft = [...base, ...axesOf("sft")];
  const start = init === "base" ? base : sft;
  const settings = axesOf("reward");
  const ofPairs = (keys: readonly string[]): readonly SweepAxis[] => settings.filter(({ key }) => keys.includes(key));
  // Only a task samples its pairs from a model.
  const isTask = config["task"] !== undefined;
  const reward = checkpoint === undefined ? [...start, ...settings] : [];
  const rewards = ["reward", ...seeds("reward", rewardSchema).map(rewardName)];
  const entryOf = (name: string, axes: readonly SweepAxis[]): SweptEntry => ({
    ...{ section: "upstream", name, entry: {}, axes },
  });
  return {
    entries: [
      entryOf("base", base),
      ...sfts.map((name) => entryOf(name, sft)),
      ...(isTask ? [entryOf("preferences", [...start, ...ofPairs(["pairs"])])] : []),
      ...rewards.map((name) => entryOf(name, reward)),
    ],
    sfts,
    learned: { pairs: [...(isTask ? start : []), ...ofPairs(PAIR_SETTINGS)], rewards: reward },
  };
}

function axisOf(from: string, grid: ValueGrid): SweepAxis {
  const key = String(grid.path.at(-1));
  return { label: `${from}.${key}`, key, from, grid };
}
