import { armKinds } from "./algorithms/index.ts";
import type { WrittenConfig } from "./schema.ts";
import { type Combinations, namesOf } from "./sweeps/products.ts";

/** Name of the split that settings are chosen on; no benchmark may have it. */
export const VALIDATION = "validation";

/** Names that the recipe gives to results of every run, with their descriptions. */
export const RESERVED_NAMES: ReadonlyMap<string, string> = new Map([
  ["base", "the base model"],
  ["reward", "the reward model"],
  ["preferences", "the preference pairs"],
]);

/** Benchmarks that a built-in task brings along. */
export const TASK_BENCHMARKS = ["inDistribution", "outOfDistribution"] as const;

/** Name of the SFT model of a seed. */
export function sftName(seed: number): string {
  return `sft-${seed}`;
}

/** Names of all SFTs of a config. */
export function sftNamesOf({ sft, sweep = {} }: Pick<Naming, "sft" | "sweep">): readonly string[] {
  return sft.seeds.flatMap((seed) => namesOf(sftName(seed), sweep));
}

/** Name of the reward model of a seed, where there are several. */
export function rewardName(seed: number): string {
  return `reward-${seed}`;
}

/** Names of the models a run makes, by use. */
export interface ModelNames {
  readonly sfts: readonly string[];
  /** Base and SFTs, which soups mix. */
  readonly ingredients: readonly string[];
  readonly soups: readonly string[];
  /** Starts and references of policies: base, SFTs and soups. */
  readonly references: readonly string[];
  readonly arms: readonly string[];
  /** Models of servers, which only answer. */
  readonly contestants: readonly string[];
  /** Models that can be compared: references, arms and contestants. */
  readonly policies: readonly string[];
}

/** The parts of a config that name models; a part with errors of its own is undefined. */
export type Naming = Partial<Pick<WrittenConfig, "soups" | "arms">> & {
  readonly evaluation?: { readonly contestants?: object | undefined } | undefined;
  readonly sft: { readonly seeds: readonly number[] };
  /** Products of grids; its soups and arms stand in the config. */
  readonly sweep?: Combinations | undefined;
};

/** Every model name a config defines, its default soup and arms included. */
export function modelNames(config: Naming): ModelNames {
  const named = (name: string): readonly string[] => namesOf(name, config.sweep ?? {});
  const sfts = sftNamesOf(config);
  const ingredients = [...named("base"), ...sfts];
  const soups = config.soups === undefined ? ["soup"] : Object.keys(config.soups);
  const references = [...ingredients, ...soups];
  const arms = config.arms === undefined ? [...defaultArms(soups).keys()] : Object.keys(config.arms);
  const contestants = Object.keys(config.evaluation?.contestants ?? {});
  return {
    sfts,
    ingredients,
    soups,
    references,
    arms,
    contestants,
    policies: [...references, ...arms, ...contestants],
  };
}

/** Arms that stand in when none are written, with their references; undefined is where they start. */
export function defaultArms(soups: readonly string[]): Map<string, string | undefined> {
  return new Map(armKinds().flatMap((kind) => kind.standIns(soups)));
}

/** Title of an arm by its method and the models that hold it: "SALSA". */
export function armTitle(
  reference: readonly string[],
  soups: readonly string[],
  { mix, method = "ppo" }: { readonly mix?: string | undefined; readonly method?: string | undefined } = {},
): string {
  return armKinds(method).find((kind) => kind.fits(reference, soups, mix))?.title ?? "";
}
