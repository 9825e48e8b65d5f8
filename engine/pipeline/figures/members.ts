import { NEUTRAL, type Panel, type XYPoint } from "../../figures/index.ts";
import { intervalWords } from "../report/verdicts.ts";
import { betaWords } from "./chosenBeta.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, Lack, PaperFigure } from "./figure.ts";
import { pairsLack, ppoLack, sftNames, snippetOf } from "./lacks.ts";
import { adjustedEstimate, benchmarksOf, pairRate } from "./rates.ts";
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
  const benchmarks = benchmarksOf(winRates);
  const uncompared = arms.filter(({ name }) =>
    benchmarks.every((one) => pairRate(winRates, one, name, ppo.name) === undefined),
  );
  if (uncompared.length > 0) lacks.push(pairsLack(uncompared.map(({ name }) => [name, ppo.name] as const)));
  const panels = benchmarks.flatMap((benchmark) => panelOf(benchmark, { arms, ppo, facts }));
  if (panels.length === 0) return { lacks };
  const rows = winRates.filter(({ seed, n }) => seed === "all" && n > 0);
  const points = panels.flatMap((panel) =>
    panel.kind === "xy" ? panel.series.flatMap((series) => series.points) : [],
  );
  const [most, nSeeds] = [Math.max(...points.map(({ n }) => n)), Math.max(...points.map((point) => point.nSeeds))];
  return {
    spec: {
      title: `Win rate against ${ppo.name} by the size of the soup`,
      caption: `SALSA-n has a soup of n SFTs in equal shares as its reference; SALSA-1 is ${ppo.name}, at 50 % by definition. A tie counts as half a win. Whiskers: ${intervalWords(rows)}; n = ${most.toLocaleString("en-US")} comparisons at most; ${nSeeds > 1 ? `${nSeeds} base seeds` : "one base seed"}.`,
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

function panelOf(
  benchmark: string,
  { arms, ppo, facts }: { readonly arms: readonly ArmRole[]; readonly ppo: ArmRole; readonly facts: FigureFacts },
): readonly Panel[] {
  const points = arms.flatMap((arm): readonly XYPoint[] => {
    const rate = pairRate(facts.winRates, benchmark, arm.name, ppo.name);
    if (rate === undefined) return [];
    return [
      {
        x: arm.members.length,
        label: arm.name,
        color: arm.color,
        ...adjustedEstimate(rate, `${arm.name}, ${betaWords(arm, facts)}`),
      },
    ];
  });
  const [first] = points;
  if (first === undefined) return [];
  const start: XYPoint = {
    x: 1,
    value: 0.5,
    color: ppo.color,
    label: ppo.name,
    n: first.n,
    nSeeds: first.nSeeds,
    note: `${ppo.name} itself, by definition`,
  };
  return [
    {
      kind: "xy",
      title: benchmark,
      x: { label: "SFTs in the soup" },
      y: { label: `Adjusted win rate against ${ppo.name}`, format: "percent" },
      series: [{ name: "SALSA-n", color: NEUTRAL, look: "line", points: [start, ...points] }],
      marks: [{ axis: "y", at: 0.5 }],
    },
  ];
}

function sizesLack(sizes: readonly number[], ppo: ArmRole, { config }: FigureFacts): Lack {
  const names = sftNames(config);
  const others = [...names, ...[1, 2, 3].map((seed) => `sft-${seed}`)].filter((name) => name !== ppo.init);
  const unique = [...new Set(others)];
  const soups = sizes.map(
    (n) => [`soup${n}`, { method: "uniform", of: [ppo.init, ...unique.slice(0, n - 1)] }] as const,
  );
  const arms = sizes.map((n) => [`salsa-${n}`, { init: ppo.init, reference: `soup${n}` }] as const);
  const seeds = [
    ...new Set([
      ...config.sft.seeds,
      ...soups.flatMap(([, { of }]) => of.map((name) => Number(name.slice("sft-".length)))),
    ]),
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
