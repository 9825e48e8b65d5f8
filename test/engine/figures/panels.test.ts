import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type DensityPanel,
  FIGURE_THEMES,
  type HeatPanel,
  NEUTRAL,
  type Panel,
  type PanelFigureSpec,
  panelFigure,
  panelSheet,
  type XYPanel,
  type XYSeries,
} from "../../../engine/figures/index.ts";
import { heatColor } from "../../../engine/figures/panels/colormap.ts";
import { contour } from "../../../engine/figures/panels/contours.ts";
import { rasterize } from "../../../engine/figures/raster/index.ts";

const SERIES: XYSeries = {
  name: "salsa",
  color: 1,
  look: "line",
  points: [
    { x: 0, value: 1, low: 0.9, high: 1.1, n: 256, nSeeds: 1 },
    { x: 1, value: 2, n: 256, nSeeds: 1 },
  ],
};

const xy = (panel: Partial<XYPanel> = {}): XYPanel => ({
  kind: "xy",
  title: "",
  x: { label: "α" },
  y: { label: "Mean reward" },
  series: [SERIES],
  ...panel,
});

const figure = (...panels: readonly Panel[]): PanelFigureSpec => ({ title: "A figure", caption: "n = 256.", panels });

const heat: HeatPanel = {
  kind: "heat",
  title: "",
  measure: { label: "Mean reward" },
  plane: { label: "distance" },
  ...{ columns: 2, rows: 2, left: 0, bottom: 0, step: 1 },
  points: [0, 1, 2, 3].map((at) => ({ x: at % 2, y: Math.floor(at / 2), value: at, n: 8, nSeeds: 1 })),
  corners: [
    { name: "sft-1", x: 0, y: 0 },
    { name: "sft-2", x: 1, y: 0 },
    { name: "sft-3", x: 0.5, y: 1 },
  ],
  projected: [{ name: "ppo", x: 0.4, y: 0.2, color: 0, note: "0.3 from the plane" }],
};

const bars: Panel = {
  kind: "bars",
  title: "",
  y: { label: "Adjusted win rate", format: "percent" },
  groups: [
    {
      name: "MT-Bench",
      bars: [
        { name: "salsa", color: 1, value: 0.54, low: 0.52, high: 0.56, n: 1024, nSeeds: 1 },
        { name: "ppo", color: 0, value: 0.46, low: 0.44, high: 0.48, n: 1024, nSeeds: 1 },
      ],
    },
  ],
  reference: 0.5,
};

const density: DensityPanel = {
  kind: "density",
  title: "",
  x: { label: "Step" },
  y: { label: "Length", unit: "tokens" },
  percents: [0, 5, 25, 50, 75, 95, 100],
  columns: [1, 2, 4].map((x) => ({ x, n: x === 4 ? 2 : 1, values: [0, 1, 2, 3, 4, 8, 10].map((one) => one * x) })),
};

describe("a figure of panels", () => {
  it("shows how a distribution moves: cells the lighter the more they hold, in their places, and the median", () => {
    const { svg, spots } = panelFigure(figure(density));
    assert.deepEqual(
      spots.map(({ text }) => text),
      [1, 2, 4].map((x) => {
        const [half, most, all] = [`${2 * x} to ${4 * x}`, `${x} to ${8 * x}`, `0 to ${10 * x}`];
        const seeds = x === 4 ? ", mean over 2 seeds" : "";
        return `Step ${x}: median ${3 * x}, half from ${half}, 90 % from ${most}, all from ${all}${seeds}`;
      }),
    );
    const cells = [...svg.matchAll(/d="((?:M[\d.]+,[\d.]+H[\d.]+V[\d.]+H[\d.]+Z)+)" fill="(#[0-9a-f]{6})"/g)].flatMap(
      ([, d = "", color = ""]) => d.split(/(?=M)/).map((cell) => ({ cell, color })),
    );
    assert.equal(cells.length, 3 * 6);
    // The middle half of the first column is 25 % to a token, the densest of all.
    const densest = cells.filter(({ color }) => color === heatColor(1));
    assert.equal(densest.length, 2);
    // Where all have one value, its cell can still be seen.
    const single = { ...density, columns: [{ x: 1, n: 1, values: [5, 5, 5, 5, 5, 5, 5] }] };
    for (const [, top = "", bottom = ""] of panelFigure(figure(single)).svg.matchAll(
      /M[\d.]+,([\d.]+)H[\d.]+V([\d.]+)/g,
    ))
      assert.ok(Number(bottom) - Number(top) >= 1.49);
    const { columns, rows } = panelSheet(figure(density));
    assert.deepEqual(
      columns.map(({ header }) => header),
      ["series", "x", "value", "seeds"],
    );
    assert.deepEqual(rows[3], ["percentile 50", 1, 3, 1]);
  });

  it("tells value, interval, n and seeds at every place", () => {
    assert.deepEqual(
      panelFigure(figure(xy())).spots.map(({ text }) => text),
      ["salsa, α 0: 1 (0.9 to 1.1), n = 256, one seed", "salsa, α 1: 2, n = 256, one seed"],
    );
    assert.deepEqual(
      panelFigure(figure(bars)).spots.map(({ text }) => text),
      [
        "MT-Bench, salsa: 54.0 % (52.0 to 56.0), n = 1,024, one seed",
        "MT-Bench, ppo: 46.0 % (44.0 to 48.0), n = 1,024, one seed",
      ],
    );
    assert.deepEqual(
      panelFigure(figure(heat))
        .spots.map(({ text }) => text)
        .slice(0, 2),
      ["ppo: 0.3 from the plane", "Mean reward: 0, n = 8, one seed"],
    );
  });

  it("gives a name the colour of its place, whatever else is drawn", () => {
    const { series } = FIGURE_THEMES.light;
    for (const panel of [xy(), bars]) {
      const { svg } = panelFigure(figure(panel));
      const name = svg.indexOf(">salsa<");
      assert.ok(svg.slice(0, name).includes(`stroke="${series[1]}"`), panel.kind);
    }
    const neutral = xy({ series: [{ ...SERIES, color: NEUTRAL }] });
    assert.ok(panelFigure(figure(neutral)).svg.includes(`stroke="${FIGURE_THEMES.light.muted}" stroke-width="2"`));
  });

  it("shows a stretch of an axis alone where it is zoomed in", () => {
    const zoom = new Map([[0, { min: 0.5, max: 1.5 }]]);
    const drawn = panelFigure(figure(xy()), { zoom });
    assert.deepEqual(
      drawn.spots.map(({ text }) => text),
      ["salsa, α 1: 2, n = 256, one seed"],
    );
    const [frame] = drawn.frames;
    assert.deepEqual([frame?.min, frame?.max], [0.5, 1.5]);
    // The line comes in at the left edge, half way up from 1 to 2.
    const start = /d="M([\d.]+),/.exec(drawn.svg)?.[1];
    assert.equal(Number(start), frame?.left);
  });

  it("begins bars at 0", () => {
    const { svg } = panelFigure(figure(bars));
    const heights = [...svg.matchAll(/<polygon points="([^"]+)" fill="#[0-9a-f]{6}" fill-opacity="0.85"/g)].map(
      ([, points = ""]) => {
        const ys = points.split(" ").map((corner) => Number(corner.split(",")[1]));
        return Math.max(...ys) - Math.min(...ys);
      },
    );
    const [first = NaN, second = NaN, ...others] = heights;
    assert.deepEqual(others, []);
    // Coordinates have two decimals, so heights of some hundred pixels are right to 1e-4.
    assert.ok(Math.abs(first / second - 0.54 / 0.46) < 1e-3);
  });

  it("writes the numbers behind it, without columns that nothing fills", () => {
    const { columns, rows } = panelSheet(figure(xy()));
    assert.deepEqual(
      columns.map(({ header }) => header),
      ["series", "x", "value", "low", "high", "n", "seeds"],
    );
    assert.deepEqual(rows[1], ["salsa", 1, 2, null, null, 256, 1]);
    assert.equal(panelSheet(figure(heat)).rows.length, 4 + 3 + 1);
  });

  it("leaves out what has no logarithm", () => {
    const points = [{ x: 0, value: 1, n: 1, nSeeds: 1 }, ...SERIES.points.slice(1)];
    const panel = xy({ x: { label: "β", isLog: true }, series: [{ ...SERIES, points }] });
    assert.equal(panelFigure(figure(panel)).spots.length, 1);
  });

  it("draws any numbers within its ground, in elements that become pixels", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
    const point = fc.record({ x: number, value: number, low: number, high: number, n: fc.nat(), nSeeds: fc.nat() });
    const series = fc.record({
      name: fc.string(),
      color: fc.integer({ min: -1, max: 30 }),
      look: fc.constantFrom("line" as const, "points" as const, "steps" as const),
      points: fc.array(point, { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(series, { maxLength: 3 }), fc.boolean(), (all, isLog) => {
        const panel = xy({ series: all, x: { label: "β", isLog }, y: { label: "y", isLog } });
        const { svg, width, height } = panelFigure(figure(panel, bars, heat));
        assert.ok(!/NaN|Infinity/.test(svg.replace(/<(title|desc|text)[^>]*>[^<]*/g, "")), svg);
        const picture = rasterize(svg, 0.1);
        assert.deepEqual([picture.width, picture.height], [Math.floor(width * 0.1), Math.floor(height * 0.1)]);
      }),
      { numRuns: 30 },
    );
  });
});

describe("contours", () => {
  it("cross a square where its edges pass the level", () => {
    const grid = { columns: 2, rows: 2, values: [0, 1, 0, 1] };
    assert.deepEqual(contour(grid, 0.25), [[0.25, 0, 0.25, 1]]);
    assert.deepEqual(contour(grid, 2), []);
  });

  it("stop where nothing is known", () => {
    assert.deepEqual(contour({ columns: 2, rows: 2, values: [0, 1, NaN, 1] }, 0.5), []);
  });

  it("join across a saddle the corners on the side of its middle", () => {
    // Lower left and upper right are above; the mean, 0.6, is as well: they are joined.
    const segments = contour({ columns: 2, rows: 2, values: [1, 0.2, 0.2, 1] }, 0.5);
    assert.equal(segments.length, 2);
    const separates = segments.some(([x1, y1, x2, y2]) => x1 + y1 + x2 + y2 < 1);
    assert.ok(!separates, "no stretch cuts the lower left corner off");
  });

  it("follow a circle", () => {
    const [side, radius] = [21, 6];
    const values = Array.from({ length: side * side }, (_, at) =>
      Math.hypot((at % side) - 10, Math.floor(at / side) - 10),
    );
    const segments = contour({ columns: side, rows: side, values }, radius);
    assert.ok(segments.length > 20);
    // Between places a step apart the distance is nearly linear: off by 1/(8·radius) at most.
    for (const [x, y] of segments) assert.ok(Math.abs(Math.hypot(x - 10, y - 10) - radius) < 0.03);
  });
});

describe("the colours of a heat map", () => {
  it("grow lighter with the value", () => {
    const light = (color: string): number => {
      const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const shades = Array.from({ length: 21 }, (_, at) => light(heatColor(at / 20)));
    assert.deepEqual(
      shades,
      shades.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(shades).size, shades.length);
    assert.deepEqual([heatColor(-1), heatColor(2)], [heatColor(0), heatColor(1)]);
  });
});
