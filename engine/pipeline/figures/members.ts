import { nameWith, sftName } from "../../config/index.ts";
import { intervalWords } from "../report/verdicts.ts";
import { comparisonWords, panelsAgainstPpo, uncomparedLacks } from "./againstPpo.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, Lack, PaperFigure } from "./figure.ts";
import { ppoLack, sftSeeds, snippetOf } from "./lacks.ts";
import { type ArmRole, comparedArms } from "./roles.ts";

/** Figure 5: SALSA-n against PPO by the number n of SFTs in its soup; SALSA-1 is PPO. */
export const members: PaperFigure = {
  name: "members",
  source: "Figure 5",
  title: "Models in the soup",
  description: "Adjusted win rate of SALSA-n against PPO by the number n of SFTs in the soup",
  draw,
};

function draw(facts: FigureFacts): FigureState {
  const { roles, winRates, config } = facts;
  const { ppo } = comparedArms(roles);
  if (ppo === undefined) return { lacks: [ppoLack(config)] };
  const arms = armsBySize(roles, ppo);
  const lacks: Lack[] = [];
  const sizes = [2, 3].filter((n) => !arms.some((arm) => arm.members.length === n));
  if (sizes.length > 0) lacks.push(sizesLack(sizes, ppo, facts));
  lacks.push(...uncomparedLacks(arms, ppo, facts));
  const placeOf = (arm: ArmRole): number => arm.members.length;
  const panels = panelsAgainstPpo({
    ...{ arms, ppo, facts, placeOf, ppoPlace: 1 },
    ...{ axis: "SFTs in the soup", line: "SALSA-n" },
  });
  if (panels.length === 0) return { lacks };
  const rows = winRates.filter(({ seed, n }) => seed === "all" && n > 0);
  return {
    spec: {
      title: `Win rate against ${ppo.name} by the size of the soup`,
      caption: `SALSA-n has a soup of n SFTs in equal shares as its reference; SALSA-1 is ${ppo.name}, at 50 % by definition. A tie counts as half a win. Whiskers: ${intervalWords(rows)}; ${comparisonWords(panels)}.`,
      panels,
    },
    lacks,
  };
}

/** The first of each size. */
function armsBySize(roles: readonly ArmRole[], { init }: ArmRole): readonly ArmRole[] {
  const soups = roles.filter((role) => role.kind === "salsa" && role.isUniform && role.init === init);
  const bySize = new Map<number, ArmRole>();
  for (const role of soups) if (!bySize.has(role.members.length)) bySize.set(role.members.length, role);
  return [...bySize.values()].toSorted((a, b) => a.members.length - b.members.length);
}

function sizesLack(sizes: readonly number[], ppo: ArmRole, { config }: FigureFacts): Lack {
  const nameOf = (seed: number): string => nameWith(ppo.init, sftName(seed), config.sweep ?? {});
  const seedOf = new Map([...sftSeeds(config), 1, 2, 3].map((seed) => [nameOf(seed), seed] as const));
  const others = [...seedOf.keys()].filter((name) => name !== ppo.init);
  const soups = sizes.map(
    (n) => [`soup${n}`, { method: "uniform", of: [ppo.init, ...others.slice(0, n - 1)] }] as const,
  );
  const arms = sizes.map((n) => [`salsa-${n}`, { init: ppo.init, reference: `soup${n}` }] as const);
  const seeds = [
    ...new Set([...config.sft.seeds, ...soups.flatMap(([, { of }]) => of.flatMap((name) => seedOf.get(name) ?? []))]),
  ];
  const sft = seeds.length > config.sft.seeds.length ? { sft: { seeds: seeds.sort((a, b) => a - b) } } : {};
  return {
    what: `No arm is held to a soup of ${sizes.join(" or of ")} SFTs in equal shares`,
    snippet: snippetOf({
      ...sft,
      soups: Object.fromEntries(soups),
      arms: Object.fromEntries(arms),
      evaluation: { pairs: arms.map(([name]) => [name, ppo.name]) },
    }),
  };
}
