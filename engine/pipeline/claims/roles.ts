import { type ArmConfig, type RunConfig, TASK_BENCHMARKS, sftName, writtenPlace } from "../../config/index.ts";
import type { Complaint } from "../../config/complaint.ts";
import type { Contender } from "../../evaluation/claims/evidence.ts";
import { fixedWeights } from "../../soup/index.ts";

/** The arms, soups and SFTs of a config by the parts that they play in the claims. */
export interface ClaimRoles {
  /** Where all but one of the arms start. */
  readonly start: string;
  readonly ppo: string;
  readonly contenders: Readonly<Record<Contender, string>>;
  /** SALSA with the soup elsewhere on the line, by the share of the other SFT. */
  readonly alphas: readonly { readonly arm: string; readonly alpha: number }[];
  /** The mean of two SFTs. */
  readonly soup: string;
  readonly members: readonly string[];
  /** The smallest β that PPO and SALSA both have in their lists. */
  readonly smallestBeta: number;
}

/** The parts of a config, or what it lacks. */
export type FoundRoles = { readonly roles: ClaimRoles } | { readonly complaints: readonly Complaint[] };

/** An arm with its name. */
type Named = readonly [name: string, arm: ArmConfig];

/** Looks for the parts by what arms are held to: names are up to the config. */
export function findRoles(config: RunConfig): FoundRoles {
  const several = severalRecipes(config);
  if (several.length > 0) return { complaints: several };
  // The claims are about PPO.
  const arms = Object.entries(config.arms).filter(([, { method }]) => method !== "dpo");
  const ppo = arms.find(([, arm]) => arm.reference.join() === arm.init && isSft(config, arm.init));
  const start = ppo?.[1].init ?? arms[0]?.[1].init ?? "sft-1";
  const started = arms.filter(([, arm]) => arm.init === start);
  const mixed = started.flatMap(([name, arm]) => {
    const shares = sharesOf(config, arm);
    return shares?.get(start) === undefined ? [] : [{ name, arm, shares }];
  });
  const salsa = mixed.find(({ shares }) => shares.size === 2 && isEven(shares));
  const most = mixed
    .filter(({ shares }) => shares.size > 2 && isEven(shares))
    .reduce<(typeof mixed)[number] | undefined>(
      (top, one) => (one.shares.size > (top?.shares.size ?? 0) ? one : top),
      undefined,
    );
  const soup = salsa?.arm.reference[0];
  const members = [...(salsa?.shares.keys() ?? [])];
  const other = members.find((name) => name !== start);
  const alphas = mixed
    .filter(({ shares }) => shares.size === 2 && !isEven(shares) && other !== undefined && shares.has(other))
    .map(({ name, shares }) => ({ arm: name, alpha: shares.get(other ?? "") ?? NaN }))
    .sort((a, b) => a.alpha - b.alpha);
  const nameOf = (found: Named | undefined): string | undefined => found?.[0];
  const contenders = {
    salsa: salsa?.name,
    moreMembers: most?.name,
    multiKl: nameOf(started.find(([, arm]) => isMultiKl(arm) && arm.reference.includes(start))),
    startAtSoup: nameOf(arms.find(([, arm]) => arm.init === soup && arm.reference.join() === soup)),
    otherSft: nameOf(started.find(([, arm]) => other !== undefined && arm.reference.join() === other)),
  };
  const found = { ppo: nameOf(ppo), ...contenders, ...alphaEnds(alphas) };
  const complaints = [...missingArms(found, config), ...missingBenchmarks(config)];
  if (complaints.length > 0) return { complaints };
  const names = [...new Set([...Object.values(found), ...alphas.map(({ arm }) => arm)])] as readonly string[];
  const uneven = [...checkLists(config, names), ...checkAlike(config, nameOf(ppo) ?? "", names)];
  const smallest = smallestShared(config.arms[found.ppo ?? ""], config.arms[contenders.salsa ?? ""]);
  if (smallest === undefined) uneven.push(unshared(contenders.salsa ?? ""));
  if (uneven.length > 0 || smallest === undefined) return { complaints: uneven };
  return {
    roles: {
      ...{ start, ppo: found.ppo ?? "", alphas, soup: soup ?? "", members, smallestBeta: smallest },
      contenders: contenders as Readonly<Record<Contender, string>>, // none is missing
    },
  };
}

/** Grids of what arms are made of: the claims compare arms of one recipe. */
function severalRecipes({ sweep = {} }: RunConfig): Complaint[] {
  const labels = new Set(Object.values(sweep).flatMap(({ values }) => Object.keys(values)));
  return [...labels].flatMap((label) => {
    const path = writtenPlace(label);
    if (path === undefined) return [];
    const remedy = "give one value, or a config for each: finished stages are shared";
    return [{ path, message: "is a grid, and the claims are about arms of the same SFTs and reward model", remedy }];
  });
}

/** Every arm that plays a part. */
export function armNames({ ppo, contenders, alphas }: ClaimRoles): readonly string[] {
  return [ppo, ...Object.values(contenders), ...alphas.map(({ arm }) => arm)];
}

/** The mean of several KLs. */
function isMultiKl({ reference, referenceMix }: ArmConfig): boolean {
  return reference.length > 1 && referenceMix === "meanKl";
}

function isSft({ sft }: RunConfig, name: string): boolean {
  return sft.seeds.some((seed) => name === sftName(seed));
}

/** The share of each model in the soup that alone holds an arm; undefined for other references. */
function sharesOf({ soups }: RunConfig, { reference }: ArmConfig): ReadonlyMap<string, number> | undefined {
  const [name, ...others] = reference;
  const soup = name === undefined || others.length > 0 ? undefined : soups[name];
  if (soup === undefined) return undefined;
  const weights = fixedWeights(soup);
  return weights && new Map(soup.of.map((model, at) => [model, weights[at] ?? NaN]));
}

function isEven(shares: ReadonlyMap<string, number>): boolean {
  return [...shares.values()].every((share) => Math.abs(share - 1 / shares.size) < 1e-6);
}

/** Near the best is a statement about both sides. */
function alphaEnds(alphas: ClaimRoles["alphas"]): {
  readonly below?: string | undefined;
  readonly above?: string | undefined;
} {
  return {
    below: alphas.find(({ alpha }) => alpha < 0.5)?.arm,
    above: alphas.find(({ alpha }) => alpha > 0.5)?.arm,
  };
}

/** Descriptions of the arms, and how each is written, with the soup that a config may lack. */
const NEEDED: Readonly<
  Record<string, readonly [what: string, arm: string, soup?: readonly [name: string, written: string]]>
> = {
  ppo: ["PPO, held to the SFT that it starts from", '"ppo": { "reference": "sft-1" }'],
  salsa: ["SALSA, held to the mean of two SFTs, of which it starts from one", '"salsa": { "reference": "soup" }'],
  moreMembers: [
    "SALSA with three SFTs or more, all alike",
    '"salsa-3": { "reference": "soup3" }',
    ["soup3", '{ "method": "uniform", "of": ["sft-1", "sft-2", "sft-3"] }'],
  ],
  multiKl: ["multi-KL, held to several SFTs", '"mkl": { "reference": ["sft-1", "sft-2"] }'],
  startAtSoup: ["the policy started at the soup, too", '"start-at-soup": { "init": "soup", "reference": "soup" }'],
  otherSft: ["the other SFT as reference", '"other-sft": { "reference": "sft-2" }'],
  below: [
    "SALSA with α below 0.5, between the same SFTs",
    '"alpha-25": { "reference": "soup25" }',
    ["soup25", '{ "method": "linear", "of": ["sft-1", "sft-2"], "alpha": 0.25 }'],
  ],
  above: [
    "SALSA with α above 0.5, between the same SFTs",
    '"alpha-75": { "reference": "soup75" }',
    ["soup75", '{ "method": "linear", "of": ["sft-1", "sft-2"], "alpha": 0.75 }'],
  ],
};

function missingArms(found: Readonly<Record<string, unknown>>, { soups }: RunConfig): Complaint[] {
  return Object.entries(NEEDED).flatMap(([part, [what, arm, soup]]) => {
    if (found[part] !== undefined) return [];
    const [name = "", written] = soup ?? [];
    const beside = written === undefined || name in soups ? "" : `, and to soups "${name}": ${written}`;
    const message = `the claims need an arm for ${what}`;
    return [{ path: ["arms"], message, remedy: `add one such as ${arm}${beside}`, atKey: true }];
  });
}

function missingBenchmarks({ evaluation: { benchmarks } }: RunConfig): Complaint[] {
  return TASK_BENCHMARKS.filter((name) => !benchmarks.includes(name)).map((name) => ({
    path: ["evaluation"],
    message: `the claims need the benchmark ${name}`,
    remedy: `list it in evaluation.benchmarks; of your own data, name one of data.benchmarks so`,
    atKey: true,
  }));
}

/** Each arm is given the β that suits it: there must be some to choose from. */
function checkLists({ arms }: RunConfig, names: readonly string[]): Complaint[] {
  return names.flatMap((name) => {
    if ((arms[name]?.betas.length ?? 0) > 1) return [];
    const remedy = 'give a list to choose from, such as "beta": [0.1, 0.2, 0.4], here or in rlhf';
    return [{ path: ["arms", name], message: "the claims need several β for it", remedy, atKey: true }];
  });
}

/** Settings in which arms may differ. */
const OWN: ReadonlySet<string> = new Set(["init", "reference", "betas"]);

function checkAlike({ arms }: RunConfig, ppo: string, names: readonly string[]): Complaint[] {
  const settings = arms[ppo] as unknown as Readonly<Record<string, unknown>>;
  return names.flatMap((name) => {
    const own = arms[name] as unknown as Readonly<Record<string, unknown>>;
    return Object.keys(settings)
      .filter((key) => !OWN.has(key) && JSON.stringify(own[key]) !== JSON.stringify(settings[key]))
      .map((key) => ({
        path: ["arms", name],
        message: `differs from ${ppo} in ${key}, too`,
        remedy: "write it in rlhf, for all arms: then what differs in their results is due to the reference",
        atKey: true,
      }));
  });
}

function smallestShared(ppo: ArmConfig | undefined, salsa: ArmConfig | undefined): number | undefined {
  const shared = (ppo?.betas ?? []).filter((beta) => salsa?.betas.includes(beta) === true);
  return shared.length === 0 ? undefined : Math.min(...shared);
}

function unshared(salsa: string): Complaint {
  const remedy = "give both the same list: the claim about small β compares them at the smallest";
  return { path: ["arms", salsa], message: "has no β that PPO has, too", remedy, atKey: true };
}
