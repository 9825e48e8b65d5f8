import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { TokenView } from "../../../engine/protocol/samples.ts";
import { heatColour, heatScale, rewardParts, totals } from "../../../webview/samples/heat.ts";

describe("the heat-map of tokens", () => {
  it("has one scale for all responses, as wide as the largest value either way", () => {
    const scale = heatScale("advantages", [viewOf([0.5, -2]), viewOf([1, NaN])]);
    assert.deepEqual(scale, { isDiverging: true, reach: 2 });
  });

  it("puts the end of the scale of log-probabilities at 0", () => {
    assert.equal(heatScale("logprobs", [viewOf([])]).isDiverging, false);
  });

  it("has no colour at 0 and for what is no number, and the fullest at the ends", () => {
    const scale = { isDiverging: true, reach: 2 };
    assert.match(heatColour(0, scale), /, 0\.000\)$/);
    assert.equal(heatColour(NaN, scale), "transparent");
    assert.match(heatColour(-2, scale), /, 0\.500\)$/);
    assert.equal(heatColour(9, scale), heatColour(2, scale));
    assert.equal(heatColour(1, { isDiverging: true, reach: 0 }), "transparent");
  });

  for (const theme of ["dark", "light", "highContrast"]) {
    it(`leaves text with a contrast of 4.5 at least in the ${theme} theme`, () => {
      const text = readFileSync(new URL(`../themes/${theme}.json`, import.meta.url), "utf8");
      const variables = JSON.parse(text) as Record<string, string>;
      const ground = rgb(variables["editor-background"] ?? "");
      const foreground = rgb(variables["foreground"] ?? "");
      for (const value of [-1, 1]) {
        const [red = 0, green = 0, blue = 0, alpha = 0] = (
          heatColour(value, { isDiverging: true, reach: 1 }).match(/[\d.]+/g) ?? []
        ).map(Number);
        const behind = [red, green, blue].map((part, index) => alpha * part + (1 - alpha) * (ground[index] ?? 0));
        assert.ok(contrast(foreground, behind) >= 4.5, `${value}: ${contrast(foreground, behind)}`);
      }
    });
  }

  it("sums and averages what is finite", () => {
    assert.deepEqual(totals([1, null, 2, NaN]), { sum: 3, mean: 1.5 });
    assert.deepEqual(totals([]), { sum: 0, mean: NaN });
  });
});

function viewOf(advantages: readonly number[]): TokenView {
  return { stage: "ppo", step: 1, prompt: "", tokens: [], logprobs: [], kl: [], rewards: [], values: [], advantages };
}

function rgb(hex: string): number[] {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/** As WCAG 2.2 defines it. */
function contrast(one: readonly number[], other: readonly number[]): number {
  const luminance = (colour: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe("the parts of a response's reward", () => {
  it("are the score at its end and the weighted KL of all its tokens", () => {
    const kl = [0.5, -0.25, 1, 0.75];
    const rewards = kl.map((one, at) => -0.2 * one + (at === 3 ? 1.5 : 0));
    const { score, penalty } = rewardParts({ rewards, kl });
    assert.ok(Math.abs(score - 1.5) < 1e-12 && Math.abs(penalty + 0.4) < 1e-12, `${score} ${penalty}`);
  });

  it("are the score alone where nothing is taken, or there is one token, and nothing without tokens", () => {
    assert.deepEqual(rewardParts({ rewards: [0, 2], kl: [0, 0] }), { score: 2, penalty: 0 });
    assert.deepEqual(rewardParts({ rewards: [2], kl: [1] }), { score: 2, penalty: 0 });
    assert.deepEqual(rewardParts({ rewards: [], kl: [] }), { score: 0, penalty: 0 });
  });
});
