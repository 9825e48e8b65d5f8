import { EQUIVALENCE_MARGIN } from "../winRates.ts";
import { mean } from "../statistics/mean.ts";
import { type Contender, type SeedEvidence, overBoth } from "./evidence.ts";

/** Percentage points of the adjusted win rate below which a difference is none that matters. */
const MARGIN = 100 * EQUIVALENCE_MARGIN;
/** Adjusted win rate of equals, per cent. */
const EVEN = 50;

/** A claim of the paper as a statement about one number: it is more than the threshold. */
export interface Claim {
  readonly name: string;
  /** As a sentence without a full stop. */
  readonly claim: string;
  /** Where the paper makes it. */
  readonly source: string;
  /** The number, as a sentence without a full stop; there is one for each base seed. */
  readonly effect: string;
  readonly unit: "points" | "reward" | "score";
  /** Supported above, not supported below. */
  readonly threshold: number;
  /** The number of every seed. */
  readonly of: (seeds: readonly SeedEvidence[]) => readonly number[];
}

/** The seven claims, in the order of the table. Holm's correction is over these and nothing else. */
export const CLAIMS: readonly Claim[] = [
  {
    name: "soupReward",
    claim: "The soup's reward is above its members'",
    source: "figure 2",
    effect: "mean reward of the soup, before RLHF, less that of its best member",
    unit: "reward",
    threshold: 0,
    of: (seeds) => seeds.map(({ rewards: { soup, members } }) => soup - Math.max(...members)),
  },
  {
    name: "middle",
    claim: "α = 0.5 is near the best",
    source: "figure 4a",
    effect: `win rate against PPO at α = 0.5, less that at the best other α over all seeds; near is within ${MARGIN} points`,
    unit: "points",
    threshold: -MARGIN,
    of: lessBestAlpha,
  },
  {
    name: "inDistribution",
    claim: "SALSA beats PPO in distribution",
    source: "table 1",
    effect: "win rate against PPO, less 50",
    unit: "points",
    threshold: 0,
    of: (seeds) => seeds.map(({ rates }) => rates.salsa.inDistribution - EVEN),
  },
  {
    name: "outOfDistribution",
    claim: "SALSA beats PPO out of distribution",
    source: "table 1",
    effect: "win rate against PPO, less 50",
    unit: "points",
    threshold: 0,
    of: (seeds) => seeds.map(({ rates }) => rates.salsa.outOfDistribution - EVEN),
  },
  {
    name: "multiKl",
    claim: "Multi-KL does not beat PPO",
    source: "table 5",
    effect: `50 less the win rate against PPO; to beat is to win by more than ${MARGIN} points`,
    unit: "points",
    threshold: -MARGIN,
    of: (seeds) => seeds.map(({ rates }) => EVEN - overBoth(rates.multiKl)),
  },
  {
    name: "moreMembers",
    claim: "More members help",
    source: "figure 5",
    effect: "win rate of SALSA with the most members against SALSA with two, less 50",
    unit: "points",
    threshold: 0,
    of: (seeds) => seeds.map(({ moreAgainstTwo }) => overBoth(moreAgainstTwo) - EVEN),
  },
  {
    name: "smallBeta",
    claim: "A soup allows a smaller β",
    source: "appendix A.4",
    effect: "what PPO loses on the validation split by going from its best β to the smallest, less what SALSA loses so",
    unit: "score",
    threshold: 0,
    of: (seeds) => seeds.map(({ smallBeta: { ppo, salsa } }) => salsa - ppo),
  },
];

/** A number that helps to read the claims: without a verdict. */
export interface Control {
  readonly control: string;
  readonly of: Contender;
}

/** Compared with PPO over both benchmarks, as SALSA is. */
export const CONTROLS: readonly Control[] = [
  { control: "SALSA", of: "salsa" },
  { control: "SALSA, the most members", of: "moreMembers" },
  { control: "multi-KL", of: "multiKl" },
  { control: "control: the policy starts at the soup, too", of: "startAtSoup" },
  { control: "control: the other SFT as reference", of: "otherSft" },
];

/** Of a control, for every seed: win rate against PPO less 50, points. */
export function controlEffects({ of }: Control, seeds: readonly SeedEvidence[]): readonly number[] {
  return seeds.map(({ rates }) => overBoth(rates[of]) - EVEN);
}

/** The best other α is the one with the highest mean: choosing it so leans against the claim. */
function lessBestAlpha(seeds: readonly SeedEvidence[]): readonly number[] {
  const [first] = seeds;
  const perAlpha = (first?.alphas ?? []).map((_, at) => seeds.map(({ alphas }) => rateAt(alphas, at)));
  const best = perAlpha.reduce<readonly number[] | undefined>(
    (top, rates) => (top === undefined || mean(rates) > mean(top) ? rates : top),
    undefined,
  );
  return seeds.map(({ rates }, at) => overBoth(rates.salsa) - (best?.[at] ?? NaN));
}

function rateAt(alphas: SeedEvidence["alphas"], at: number): number {
  const found = alphas[at];
  return found === undefined ? NaN : overBoth(found.rates);
}
