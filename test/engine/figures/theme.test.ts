import assert from "node:assert/strict";
import { FIGURE_THEMES } from "../../../engine/figures/index.ts";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** How linear RGB looks with a kind of colour vision (Machado, Oliveira & Fernandes 2009, severity 1). */
const VISION: Readonly<Record<string, Matrix>> = {
  "full colour vision": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Björn Ottosson, "A perceptual color space for image processing", 2020. */
const LMS: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const OKLAB: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

const times = (matrix: Matrix, [a, b, c]: Triple): Triple =>
  matrix.map(([x, y, z]) => x * a + y * b + z * c) as unknown as Triple;
const each = ([a, b, c]: Triple, of: (value: number) => number): Triple => [of(a), of(b), of(c)];

function linear(hex: string): Triple {
  const channel = (at: number): number => parseInt(hex.slice(at, at + 2), 16) / 255;
  return each([channel(1), channel(3), channel(5)], (one) =>
    one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4,
  );
}

function seen(hex: string, vision: Matrix): Triple {
  const clipped = each(times(vision, linear(hex)), (one) => Math.min(1, Math.max(0, one)));
  return times(OKLAB, each(times(LMS, clipped), Math.cbrt));
}

function contrast(one: string, other: string): number {
  const luminance = (hex: string): number => {
    const [r, g, b] = linear(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

for (const [name, { series, background, foreground, muted }] of Object.entries(FIGURE_THEMES)) {
  describe(`the ${name} palette`, () => {
    it("has eight colours that stand out from their ground, and texts that can be read", () => {
      assert.equal(series.length, 8);
      for (const color of series) assert.ok(contrast(color, background) >= 3, color);
      for (const color of [foreground, muted]) assert.ok(contrast(color, background) >= 4.5, color);
    });

    for (const [kind, vision] of Object.entries(VISION)) {
      it(`has colours that are told apart with ${kind}, the first four best`, () => {
        for (const [i, one] of series.entries()) {
          for (const [j, other] of series.slice(0, i).entries()) {
            const [a, b] = [seen(one, vision), seen(other, vision)];
            const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
            assert.ok(distance >= (i < 4 ? 0.15 : 0.12), `${one} and ${other}, ${j}: ${distance.toFixed(3)}`);
          }
        }
      });
    }
  });
}
