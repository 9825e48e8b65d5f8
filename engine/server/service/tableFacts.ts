import { type RunConfig, resolvedPlace } from "../../config/index.ts";
import type { WinRateRow } from "../../protocol/verdicts.ts";
import { type TableValue, type TableValues, settingValues, SWEPT_ARM, sweptColumn } from "../../protocol/runsTable.ts";
import { dictionary, ownValue } from "../../common/dictionary.ts";
import { Recent } from "./recent.ts";

/** Different sections of configs that are kept once for all runs that have them. */
const MOST_BLOCKS = 20_000;
/** Lines of a run's win-rate table that the runs table has. */
const MOST_RATES = 5000;
/** Arms whose settings are kept. */
const MOST_ARMS = 1000;

/** Win rate of a pair, for a base seed or over all. */
export type ArmRate = Pick<WinRateRow, "benchmark" | "a" | "b" | "seed" | "adjusted" | "low" | "high">;

/** The part of a run's config and results that the runs table shows and the log does not hold: some kilobytes a run. */
export interface RunsTableFacts {
  /** A section of the config each. */
  readonly sections: readonly TableValues[];
  /** By arm. */
  readonly arms: ReadonlyMap<string, TableValues>;
  /** Values that grids gave to SFTs, reward models and soups, by model. */
  readonly swept: ReadonlyMap<string, TableValues>;
  readonly seeds: readonly number[];
  readonly rates: readonly ArmRate[];
}

/** Of a run whose config cannot be read. */
export const NO_FACTS: RunsTableFacts = { sections: [], arms: new Map(), swept: new Map(), seeds: [], rates: [] };

/** Takes from a config what the runs table shows. */
export function tableFacts(config: RunConfig | undefined): RunsTableFacts {
  if (config === undefined) return NO_FACTS;
  const { arms, name: _name, sweep: _sweep, testPrompts: _testPrompts, ...sections } = config;
  return {
    sections: Object.entries(sections).map(([name, section]) => shared(settingValues(section, `config.${name}`))),
    arms: new Map(
      Object.entries(arms)
        .slice(0, MOST_ARMS)
        .map(([name, arm]) => [name, shared(armValues(name, arm, config))]),
    ),
    swept: new Map(
      Object.entries(config.sweep ?? {})
        .filter(([name]) => !Object.hasOwn(arms, name))
        .slice(0, MOST_ARMS)
        .map(([name, combination]) => [name, shared(combinationValues(combination))]),
    ),
    seeds: config.seeds,
    rates: [],
  };
}

/** The facts with the lines of a win-rate table. */
export function withRates(facts: RunsTableFacts, rates: readonly WinRateRow[]): RunsTableFacts {
  const kept = rates
    .slice(0, MOST_RATES)
    .map(({ benchmark, a, b, seed, adjusted, low, high }): ArmRate => ({ benchmark, a, b, seed, adjusted, low, high }));
  return { ...facts, rates: kept };
}

/** Settings of an arm under the names that configs have for them, with the share of the soup that it is held to. */
function armValues(
  name: string,
  { betas, ...arm }: RunConfig["arms"][string],
  { soups, sweep }: RunConfig,
): TableValues {
  const values = dictionary<TableValue>(Object.entries(settingValues({ ...arm, beta: betas }, "config.rlhf")));
  const [reference, ...others] = arm.reference;
  const soup = others.length === 0 && reference !== undefined ? ownValue(soups, reference) : undefined;
  const alpha = soup === undefined ? undefined : alphaOf(soup);
  if (alpha !== undefined) values["model.alpha"] = alpha;
  const combination = ownValue(sweep ?? {}, name);
  if (combination === undefined) return values;
  return Object.assign(values, combinationValues(combination));
}

/** Values of a model on its axes, also in place of the first of a grid, which the run's own settings have. */
function combinationValues({ of, values }: NonNullable<RunConfig["sweep"]>[string]): TableValues {
  const found = dictionary<TableValue>([[SWEPT_ARM, of]]);
  for (const [axis, value] of Object.entries(values)) {
    found[sweptColumn(axis)] = value;
    const place = resolvedPlace(axis);
    if (place !== undefined) found[`config.${place.join(".")}`] = value;
  }
  return found;
}

/** Weight of the second of two models that a soup mixes, where it is known beforehand. */
function alphaOf(soup: object): number | undefined {
  const { alpha, weights, of } = soup as { alpha?: unknown; weights?: unknown; of?: unknown };
  if (typeof alpha === "number") return alpha;
  if (!Array.isArray(of) || of.length !== 2 || !Array.isArray(weights)) return undefined;
  const [, second] = weights as readonly unknown[];
  return typeof second === "number" ? second : undefined;
}

const blocks = new Recent<TableValues>(MOST_BLOCKS);

/** The same object for equal values: runs of one config differ in few sections. */
function shared(values: TableValues): TableValues {
  return blocks.get(JSON.stringify(values), () => values);
}
