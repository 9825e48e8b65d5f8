import { intervalWords } from "../report/verdicts.ts";
import { comparisonWords, panelsAgainstPpo, uncomparedLacks } from "./againstPpo.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, Lack, PaperFigure } from "./figure.ts";
import { betasLack, ppoLack, sftNames, snippetOf } from "./lacks.ts";
import { type ArmRole, comparedArms } from "./roles.ts";

/** Shares of the other SFT that the paper's sweep has, its ends apart. */
const SHARES = [0.25, 0.5, 0.75];

/** Figure 4a: adjusted win rate against PPO by the soup's α, with β tuned for each. */
export const alpha: PaperFigure = {
  name: "alpha",
  source: "Figure 4a",
  title: "Win rate by α",
  description:
    "Adjusted win rate against PPO of arms whose reference lies on the line between two SFTs, by its share α of the other one",
  draw,
};

function draw(facts: FigureFacts): FigureState {
  const { roles, winRates, config } = facts;
  const { ppo } = comparedArms(roles);
  if (ppo === undefined) return { lacks: [ppoLack(config)] };
  const arms = armsOnLine(roles, ppo);
  const other = otherOf(arms[0]) ?? sftNames(config)[1];
  const lacks: Lack[] = [];
  const missing = SHARES.filter((share) => !arms.some((arm) => Math.abs((arm.alpha ?? NaN) - share) < 1e-6));
  if (missing.length > 0 || !arms.some(({ kind }) => kind === "otherSft"))
    lacks.push(sweepLack(missing, { ppo, other, arms }));
  const untuned = [ppo, ...arms].filter(({ betas }) => betas.length < 2);
  if (untuned.length > 0)
    lacks.push(
      betasLack(
        untuned,
        [0.05, 0.1, 0.2, 0.4],
        `β is not tuned for ${untuned.map(({ name }) => name).join(", ")}: in the paper, each α has its own`,
      ),
    );
  lacks.push(...uncomparedLacks(arms, ppo, facts));
  const placeOf = (arm: ArmRole): number => arm.alpha ?? 0;
  const panels = panelsAgainstPpo({
    ...{ arms, ppo, facts, placeOf, ppoPlace: 0 },
    ...{ axis: "α", line: `against ${ppo.name}` },
  });
  if (panels.length === 0) return { lacks };
  const rows = winRates.filter(({ seed, n }) => seed === "all" && n > 0);
  return {
    spec: {
      title: `Win rate against ${ppo.name} by α`,
      caption: `The reference is (1 − α)·${ppo.init} + α·${other}; α = 0 is ${ppo.name} itself, at 50 % by definition. A tie counts as half a win. Whiskers: ${intervalWords(rows)}; ${comparisonWords(panels)}. ${untuned.length === 0 ? "β is tuned for each arm on the validation split." : "β is not tuned for every arm."}`,
      panels,
    },
    lacks,
  };
}

/** Arms on the line that most arms are on. */
function armsOnLine(roles: readonly ArmRole[], { init }: ArmRole): readonly ArmRole[] {
  const on = roles.filter((role) => role.alpha !== undefined && role.kind !== "ppo" && role.init === init);
  const lines = Map.groupBy(on, (role) => otherOf(role) ?? "");
  const most = [...lines.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
  return most.toSorted((a, b) => (a.alpha ?? 0) - (b.alpha ?? 0));
}

/** The other end of the line that an arm's reference is on. */
function otherOf(role: ArmRole | undefined): string | undefined {
  return role === undefined ? undefined : role.kind === "otherSft" ? role.members[0] : role.members[1];
}

function sweepLack(
  missing: readonly number[],
  { ppo, other, arms }: { readonly ppo: ArmRole; readonly other: string; readonly arms: readonly ArmRole[] },
): Lack {
  const named = missing.map((share) => ({
    soup: `soup${Math.round(100 * share)}`,
    arm: `alpha-${Math.round(100 * share)}`,
    share,
  }));
  const hasEnd = arms.some(({ kind }) => kind === "otherSft");
  const soups = named.map(
    ({ soup, share }) => [soup, { method: "linear", of: [ppo.init, other], alpha: share }] as const,
  );
  const added = [
    ...named.map(({ soup, arm }) => [arm, { init: ppo.init, reference: soup }] as const),
    ...(hasEnd ? [] : [["other-sft", { init: ppo.init, reference: other }] as const]),
  ];
  const places = [...missing.map((share) => `α = ${share}`), ...(hasEnd ? [] : ["α = 1"])].join(", ");
  const pairs = added.map(([name]) => [name, ppo.name] as const);
  return {
    what: `No arm has its reference at ${places}`,
    snippet: snippetOf({
      ...(soups.length > 0 && { soups: Object.fromEntries(soups) }),
      arms: Object.fromEntries(added),
      evaluation: { pairs },
    }),
  };
}
