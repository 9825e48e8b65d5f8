import { type RunConfig, nameWith, namesOf, sftName, sftNamesOf } from "../../../config/index.ts";
import { DataError } from "../../../protocol/errors.ts";
import type { MeasuredFigure } from "../../../protocol/figureNames.ts";
import { comparedArms, rolesOf } from "../roles.ts";

/** Parts of a figure to measure; every default is filled in by `planOf`. */
export interface MeasureChoices {
  /** Models that span the line or plane, or arms to be interpolated back to their starts. */
  readonly models?: readonly string[];
  /** First and last share along a line, and how many in all. */
  readonly from?: number;
  readonly to?: number;
  readonly points?: number;
  /** Soups of a plane's grid. */
  readonly size?: number;
}

/** Models to be mixed, and their shares; those of a plane depend on its geometry. */
export interface SoupPlan {
  readonly of: readonly string[];
  readonly weights: readonly (readonly number[])[] | "plane";
  /** Models to be projected. */
  readonly projected: readonly string[];
}

/** Defaults of a line: the ends of the paper's figure 2, and a point each tenth. */
export const LINE = { from: -0.5, to: 1.5, points: 21 } as const;
/** Between a start (0) and the policy trained from it (1). */
export const WARP = { from: 0, to: 1, points: 11 } as const;
/** Soups of a plane. */
export const PLANE_SIZE = 400;

/** @throws {DataError} when the config has too few models for the figure, or none of a name. */
export function planOf(figure: MeasuredFigure, config: RunConfig, choices: MeasureChoices): readonly SoupPlan[] {
  const { ppo, salsa } = comparedArms(rolesOf(config));
  const sfts = sftNamesOf(config);
  for (const name of choices.models ?? []) checkName(name, config, sfts);
  switch (figure) {
    case "line": {
      const start = ppo?.init ?? sfts[0] ?? "";
      const of = choices.models ?? [start, ...alike(config, start).filter((name) => name !== start)].slice(0, 2);
      checkCount(of, 2, config);
      return [{ of, weights: line({ ...LINE, ...written(choices) }), projected: [] }];
    }
    case "plane": {
      const of = choices.models ?? alike(config, sfts[0] ?? "").slice(0, 3);
      checkCount(of, 3, config);
      return [{ of, weights: "plane", projected: Object.keys(config.arms) }];
    }
    case "warp": {
      const arms = choices.models ?? [ppo, salsa].flatMap((role) => (role === undefined ? [] : [role.name]));
      const chosen = arms.length === 0 ? Object.keys(config.arms).slice(0, 2) : arms;
      return chosen.map((name) => {
        const arm = config.arms[name];
        if (arm === undefined) throw unknown(name, Object.keys(config.arms), config);
        return { of: [arm.init, name], weights: line({ ...WARP, ...written(choices) }), projected: [] };
      });
    }
  }
}

/** The SFTs of all seeds that are made as one of them is: of a sweep, those with the same values. */
function alike({ sft, sweep = {} }: RunConfig, name: string): readonly string[] {
  return sft.seeds.map((seed) => nameWith(name, sftName(seed), sweep));
}

function written({ from, to, points }: MeasureChoices): Partial<Record<"from" | "to" | "points", number>> {
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(points !== undefined && { points }),
  };
}

/** Evenly spaced shares of the second model, rounded as people would write them. */
function line({
  from,
  to,
  points,
}: {
  readonly from: number;
  readonly to: number;
  readonly points: number;
}): readonly (readonly number[])[] {
  return Array.from({ length: points }, (_, at) => {
    const share = points === 1 ? from : from + ((to - from) * at) / (points - 1);
    const rounded = Number(share.toPrecision(12));
    return [Number((1 - rounded).toPrecision(12)), rounded];
  });
}

function checkName(name: string, { soups, arms, sweep = {}, name: file }: RunConfig, sfts: readonly string[]): void {
  const known = [...namesOf("base", sweep), ...sfts, ...Object.keys(soups), ...Object.keys(arms)];
  if (!known.includes(name)) throw unknown(name, known, { name: file });
}

function unknown(name: string, known: readonly string[], { name: file }: Pick<RunConfig, "name">): DataError {
  return new DataError(`there is no model called ${JSON.stringify(name)}`, {
    file,
    remedy: `use some of ${known.join(", ")}`,
  });
}

function checkCount(of: readonly string[], n: number, { name }: RunConfig): void {
  if (of.length === n) return;
  const remedy = of.length < n ? `add seeds to sft.seeds, or name ${n} models` : `name ${n} models`;
  throw new DataError(`${n} models are needed, there ${of.length === 1 ? "is" : "are"} ${of.length}`, {
    file: name,
    remedy,
  });
}
