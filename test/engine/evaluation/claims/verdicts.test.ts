import assert from "node:assert/strict";
import fc from "fast-check";
import { CLAIMS } from "../../../../engine/evaluation/claims/claims.ts";
import { CLAIMS_FORMS } from "../../../../engine/evaluation/claims/forms.ts";
import { type ClaimResult, RULE, effectOf, judgeClaims } from "../../../../engine/evaluation/claims/verdicts.ts";
import { both, evidence, tenSeeds } from "./evidence.ts";

/** Relative; quantiles come from a bisection that ends at float64's precision. */
const TOLERANCE = 1e-9;

function near(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= TOLERANCE * Math.abs(expected), `${what}: ${actual}, not ${expected}`);
}

function resultOf(results: readonly ClaimResult[], name: string): ClaimResult {
  const found = results.find((result) => result.name === name);
  assert(found !== undefined);
  return found;
}

describe("an effect over seeds", () => {
  const NUMBERS = [1.5, -0.25, 2, 3.25, 0.5, 1, 1.75, -0.5, 2.5, 0.75];

  it("has the mean, Student's interval and p, as mpmath 1.3 computes them with 30 digits", () => {
    const { effect, low, high, p, nSeeds } = effectOf(NUMBERS, 0.25);
    near(effect, 1.25, "mean");
    near(low, 0.4027390062111896, "low");
    near(high, 2.09726099378881, "high");
    near(p, 0.025623927634852314, "p");
    assert.equal(nSeeds, 10);
  });

  it("decides nothing with one seed, and is certain where all seeds are alike", () => {
    assert.ok(Number.isNaN(effectOf([3], 0).p));
    assert.equal(effectOf([3, 3, 3], 0).p, 0);
    assert.equal(effectOf([3, 3, 3], 3).p, 1);
  });

  it("has a p below the level exactly where the interval leaves the threshold out", () => {
    const numbers = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(numbers, fc.double({ min: -3, max: 3, noNaN: true }), (all, threshold) => {
        const { low, high, p } = effectOf(all, threshold);
        const distance = Math.min(Math.abs(low - threshold), Math.abs(high - threshold));
        fc.pre(distance > 1e-6 && high - low > 1e-6); // rounding decides at the very edge
        assert.equal(p < RULE.level, low > threshold || high < threshold);
      }),
    );
  });
});

describe("the verdicts", () => {
  /** Ten small deviations that add up to 0. */
  const jitter = (at: number): number => (at % 2 === 0 ? 1 : -1) * (1 + (at >> 1)) * 0.1;

  it("are supported above the threshold, not supported below it, and undecided where it may be either", () => {
    const results = judgeClaims(
      tenSeeds((at) => ({
        rewards: { soup: 1.5 + jitter(at), members: [1, 1] },
        rates: {
          ...evidence(1).rates,
          salsa: { inDistribution: 55 + jitter(at), outOfDistribution: 45 + jitter(at) },
          multiKl: both(56 + jitter(at)),
        },
        moreAgainstTwo: both(50 + 20 * jitter(at)),
        smallBeta: { beta: 0.05, ppo: -0.5 + jitter(at) / 10, salsa: -0.25 },
      })),
    );
    assert.deepEqual(
      results.map(({ name, verdict }) => [name, verdict]),
      [
        ["soupReward", "supported"],
        ["middle", "supported"], // as good as any other α, and 2 points would have been near enough
        ["inDistribution", "supported"],
        ["outOfDistribution", "not supported"],
        ["multiKl", "not supported"],
        ["moreMembers", "undecided"],
        ["smallBeta", "supported"],
      ],
    );
  });

  it("count multi-KL as not beating PPO while it wins by less than 2 points", () => {
    const rates = (of: number): object => ({ ...evidence(1).rates, multiKl: both(of) });
    const verdictOf = (points: number): string =>
      resultOf(judgeClaims(tenSeeds((at) => ({ rates: rates(50 + points + jitter(at)) as never }))), "multiKl").verdict;
    assert.equal(verdictOf(0), "supported");
    assert.equal(verdictOf(1), "supported");
    assert.equal(verdictOf(2), "undecided");
    assert.equal(verdictOf(4), "not supported");
  });

  it("adjust p over the seven claims", () => {
    // One claim with an effect, whose p is multiplied by seven; p of the others is 1, as their effects are at thresholds.
    const seeds = tenSeeds((at) => ({
      rates: { ...evidence(1).rates, multiKl: both(52), salsa: both(50) },
      alphas: [{ alpha: 0.25, rates: both(52) }],
      rewards: { soup: 1 + 0.3 + jitter(at), members: [1] },
    }));
    const results = judgeClaims(seeds);
    const { p, holm, verdict } = resultOf(results, "soupReward");
    near(holm, 7 * p, "Holm");
    assert.ok(p < RULE.level && holm > RULE.level, `${p} ${holm}`);
    assert.equal(verdict, "undecided");
  });

  it("decide nothing with fewer than ten seeds", () => {
    const seeds = tenSeeds((at) => ({ rewards: { soup: 2 + jitter(at), members: [1] } }));
    assert.equal(resultOf(judgeClaims(seeds), "soupReward").verdict, "supported");
    const few = resultOf(judgeClaims(seeds.slice(1)), "soupReward");
    assert.ok(few.holm < RULE.level);
    assert.equal(few.verdict, "undecided");
  });

  it("leave a claim undecided whose numbers are not there, and test the others", () => {
    const seeds = tenSeeds((at) => ({
      rewards: { soup: 2 + jitter(at), members: [1] },
      smallBeta: { beta: 0.05, ppo: NaN, salsa: 0 },
    }));
    const results = judgeClaims(seeds);
    assert.equal(resultOf(results, "smallBeta").verdict, "undecided");
    assert.equal(resultOf(results, "soupReward").verdict, "supported");
  });
});

describe("the tables of claims", () => {
  const seeds = tenSeeds((at) => ({ rewards: { soup: 1.5 + at / 100, members: [1, 1] } }));

  for (const { name, render } of CLAIMS_FORMS) {
    it(`as ${name} have every claim with its verdict`, () => {
      const text = render(seeds);
      for (const { claim } of CLAIMS) assert.ok(text.includes(claim), claim);
      // Four are, and the rule has the word once where it is written out.
      assert.equal(text.match(/undecided/g)?.length, ["text", "markdown"].includes(name) ? 5 : 4);
    });
  }

  it("show effects with their signs, and which β is still at an edge", () => {
    const text = CLAIMS_FORMS[0]?.render(seeds) ?? "";
    assert.match(text, /1\. The soup's reward is above its members' +figure 2 +\+0\.545 +\+0\.523 to \+0\.567 +reward/);
    assert.match(text, / 0\.05 \(edge\)/);
  });

  it("are null where a number does not exist", () => {
    const json = CLAIMS_FORMS.find(({ name }) => name === "json")?.render([evidence(1)]) ?? "";
    const { claims } = JSON.parse(json) as { claims: readonly { low: unknown; nSeeds: number }[] };
    assert.deepEqual([claims[0]?.low, claims[0]?.nSeeds], [null, 1]);
  });
});
