import { type RunConfig, TASK_BENCHMARKS } from "../../config/index.ts";
import { type ClaimRoles, armNames } from "./roles.ts";

/** Candidates for β by arm. */
export type BetaLists = Readonly<Record<string, readonly number[]>>;

/** Longest part of a config's name that is kept in those of its seeds' runs. */
const LONGEST_NAME = 80;

/** The candidates that the config writes. */
export function writtenBetas({ arms }: RunConfig, roles: ClaimRoles): BetaLists {
  return Object.fromEntries(armNames(roles).map((name) => [name, arms[name]?.betas ?? []]));
}

/**
 * The config of an ordinary run that has all that the claims need to know of some base seeds: the arms that play a part,
 * the soups that they are held to, and the pairs that are compared.
 */
export function claimsConfig(
  config: RunConfig,
  { roles, betas, seeds }: { readonly roles: ClaimRoles; readonly betas: BetaLists; readonly seeds: readonly number[] },
): RunConfig {
  const { ppo, contenders, alphas } = roles;
  const arms = Object.entries(config.arms)
    .filter(([name]) => armNames(roles).includes(name))
    .map(([name, arm]) => [name, { ...arm, betas: betas[name] ?? arm.betas }] as const);
  const used = new Set(arms.flatMap(([, { init, reference }]) => [init, ...reference]));
  const others = [...Object.values(contenders), ...alphas.map(({ arm }) => arm)];
  // Models behind servers play no part: asking them would cost, and say nothing.
  const { budget, contestants: _contestants, ...evaluation } = config.evaluation;
  // Its roles name arms, whatever grid has made them; nobody reads answers of so many models.
  const { sweep: _sweep, testPrompts: _testPrompts, ...rest } = config;
  return {
    ...rest,
    name: `${config.name.slice(0, LONGEST_NAME)}${seeds.length === 1 ? `-seed-${seeds[0]}` : ""}`,
    seeds,
    soups: Object.fromEntries(Object.entries(config.soups).filter(([name]) => used.has(name))),
    arms: Object.fromEntries(arms),
    evaluation: {
      ...evaluation,
      // Of all seeds together: each has its share.
      ...(budget !== undefined && { budget: (budget * seeds.length) / config.seeds.length }),
      benchmarks: TASK_BENCHMARKS,
      pairs: [...others.map((name) => [name, ppo] as const), [contenders.moreMembers, contenders.salsa]],
    },
  };
}

/** All base seeds at once, with the lists of β as they are written: what will be computed, unless lists are widened. */
export function wholeClaimsConfig(config: RunConfig, roles: ClaimRoles): RunConfig {
  return claimsConfig(config, { roles, betas: writtenBetas(config, roles), seeds: config.seeds });
}
