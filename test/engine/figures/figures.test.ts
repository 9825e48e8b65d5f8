import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BAND_DEFINITION,
  FIGURE_THEMES,
  type ForestFigureSpec,
  forestFigure,
  lineFigure,
  type LineFigureSpec,
} from "../../../engine/figures/index.ts";

const line = (spec: Partial<LineFigureSpec> = {}): string =>
  lineFigure({
    title: "Score",
    x: { label: "Iteration" },
    y: { label: "KL", unit: "nats per sequence" },
    lines: [{ name: "ppo", curves: [{ x: [0, 1, 2], y: [1, 3, 2] }] }],
    ...spec,
  });

const rows = [
  { label: "salsa vs ppo", value: 0.58, low: 0.562, high: 0.597, n: 1024, note: "p < 0.0001" },
  { label: "mkl vs ppo", value: 0.51, low: 0.48, high: 0.54, n: 1024 },
];
const forest = (spec: Partial<ForestFigureSpec> = {}): string =>
  forestFigure({
    title: "Win rates",
    x: { label: "Adjusted win rate" },
    groups: [{ name: "inDistribution", rows }],
    reference: 0.5,
    format: "percent",
    interval: "95 % interval",
    ...spec,
  });

/** True if an XML file may hold a character (XML 1.0, production 2). */
function isInXml(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code < 0xd800 || (code > 0xdfff && code !== 0xfffe && code !== 0xffff);
}

/** Texts of a figure in order; fails when tags do not close in order. */
function texts(svg: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  for (const [, closing, name = "", attributes = "", isEmpty, text = ""] of svg.matchAll(
    /<(\/?)([a-z]+)((?: [A-Za-z][\w:-]*="[^"<]*")*)(\/?)>([^<]*)/g,
  )) {
    if (closing === "/") assert.equal(open.pop(), name);
    else if (isEmpty !== "/") open.push(name);
    assert.ok(!/ (style|class|id|on\w+)=/.test(attributes), attributes);
    if (text.trim() !== "") found.push(text);
  }
  assert.deepEqual(open, []);
  assert.equal(
    /[<>]/.exec(svg.replace(/<\/?[a-z]+(?: [A-Za-z][\w:-]*="[^"<]*")*\/?>/g, "")),
    null,
    "nothing else is marked up",
  );
  return found;
}

const unescaped = (text: string): string =>
  text.replace(/&(lt|gt|quot|amp);/g, (_, name: string) => ({ lt: "<", gt: ">", quot: '"', amp: "&" })[name] ?? "");

const all = (svg: string): string => texts(svg).map(unescaped).join("\n");

for (const [name, draw] of Object.entries({ line, forest })) {
  describe(`a ${name} figure`, () => {
    it("is one well-formed SVG with title and description, in both themes", () => {
      for (const theme of Object.values(FIGURE_THEMES)) {
        const svg = draw({ theme });
        assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 760 [\d.]+"/);
        assert.match(svg, /role="img"/);
        assert.match(svg, /<title>[^<]+<\/title><desc>[^<]{20,}<\/desc>/);
        assert.ok(texts(svg).length > 5);
        assert.ok(svg.includes(theme.background) && svg.includes(theme.foreground));
      }
    });

    it("holds any title as text", () => {
      fc.assert(
        fc.property(fc.string({ unit: "binary", maxLength: 40 }), (title) => {
          const svg = draw({ title });
          const shown = /<title>([^<]*)<\/title>/.exec(svg)?.[1] ?? "";
          texts(svg);
          assert.equal(unescaped(shown), Array.from(title).filter(isInXml).join(""));
        }),
      );
    });

    it("has no coordinate that is not a number, whatever it shows", () => {
      // Metrics are f32 sums: the further digits of a double are not measured.
      const measured = fc.double({ min: -1e100, max: 1e100 });
      const number = fc.oneof(measured, fc.constantFrom(0, -1, 1e-300, NaN, Infinity));
      fc.assert(
        fc.property(fc.array(number, { maxLength: 12 }), fc.boolean(), fc.boolean(), (y, isLog, isSmooth) => {
          const curve = { x: y.map((_, at) => at), y };
          const spec =
            name === "line"
              ? line({
                  y: { label: "y", isLog },
                  lines: [
                    { name: "one", curves: [curve] },
                    { name: "seeds", curves: [curve, curve, { x: [0], y: [1] }] },
                  ],
                  smoothing: isSmooth ? 0.9 : 0,
                })
              : forest({
                  groups: [
                    {
                      name: "g",
                      rows: y.map((value) => ({ label: "a", value, low: value - 1, high: value + 1, n: 3 })),
                    },
                  ],
                });
          assert.doesNotMatch(
            spec.replace(/<desc>.*?<\/desc>/s, "").replace(/<text[^>]*>[^<]*<\/text>/g, ""),
            /NaN|Infinity/,
          );
          texts(spec);
        }),
      );
    });
  });
}

describe("a line figure", () => {
  it("draws the curve to its scale: the ends of the path are the ends of the axis", () => {
    const d = /<path d="([^"]+)"/.exec(line())?.[1] ?? "";
    const places = [...d.matchAll(/[ML]([\d.]+),([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
    const [[x0, y0], [x1, y1], [x2, y2]] = places as unknown as readonly (readonly [number, number])[] as never as [
      [number, number],
      [number, number],
      [number, number],
    ];
    assert.equal(places.length, 3);
    assert.ok(Math.abs(x1 - (x0 + x2) / 2) < 0.02 && x2 === 760 - 24);
    assert.ok(Math.abs(y2 - (y0 + y1) / 2) < 0.02 && y1 < y0);
  });

  it("breaks at a gap, and marks a point that stands alone", () => {
    const svg = line({ lines: [{ name: "ppo", curves: [{ x: [0, 1, 2, 3, 4, 5], y: [1, 2, NaN, 3, NaN, 4] }] }] });
    assert.equal([...(/<path d="([^"]+)"/.exec(svg)?.[1] ?? "").matchAll(/M/g)].length, 1);
    assert.equal([...svg.matchAll(/<circle/g)].length, 2);
  });

  it("shows the curve as recorded, faded, under the smoothed one, and says with what weight", () => {
    const svg = line({ smoothing: 0.9 });
    assert.equal([...svg.matchAll(/<path/g)].length, 2);
    assert.match(svg, /stroke-opacity="0\.35"/);
    assert.match(
      all(svg).replaceAll("\n", " "),
      /smoothed with weight 0\.9 \(time-weighted exponential, debiased\); faint: as recorded/,
    );
    assert.equal([...line().matchAll(/<path/g)].length, 1);
  });

  it("shows several seeds as their mean with its band, defined below, and how many there are", () => {
    const curves = [1, 2, 4].map((k) => ({ x: [0, 1], y: [k, k + 1] }));
    const svg = line({ lines: [{ name: "salsa", curves }] });
    assert.equal([...svg.matchAll(/<polygon/g)].length, 1);
    const caption = all(svg).replaceAll("\n", " ");
    assert.ok(caption.includes(BAND_DEFINITION));
    assert.ok(caption.includes("n = 3 seeds"));
  });

  it("draws the interval that one curve has of its own, and says so", () => {
    const interval = { low: [0.4, 0.5], high: [0.6, 0.9] };
    const svg = line({ lines: [{ name: "salsa", curves: [{ x: [0, 1], y: [0.5, 0.7] }], interval }] });
    assert.equal([...svg.matchAll(/<polygon/g)].length, 1);
    assert.ok(all(svg).replaceAll("\n", " ").includes("Band of one seed: 95 % interval of each point."));
    assert.ok(!all(line()).includes("interval of each point"));
  });

  it("names axes with units, and every line in the legend with a look of its own", () => {
    const lines = Array.from({ length: 10 }, (_, at) => ({ name: `arm ${at}`, curves: [{ x: [0, 1], y: [at, at] }] }));
    const svg = line({ lines });
    const said = texts(svg);
    assert.ok(said.includes("KL (nats per sequence)") && said.includes("Iteration"));
    for (const { name } of lines) assert.ok(said.includes(name));
    const looks = [...svg.matchAll(/<path [^>]*stroke="([^"]+)"[^>]*?(stroke-dasharray="[^"]+")?\/>/g)].map(
      ([, color, dash]) => `${color ?? ""} ${dash ?? ""}`,
    );
    assert.equal(new Set(looks).size, 10);
  });

  it("has a log scale of powers of ten, without what a logarithm cannot show", () => {
    const svg = line({
      y: { label: "KL", isLog: true },
      lines: [{ name: "ppo", curves: [{ x: [0, 1, 2, 3], y: [0, 1, 10, 1000] }] }],
    });
    for (const text of ["1", "10", "100", "1,000"]) assert.ok(texts(svg).includes(text), text);
    assert.equal([...(/<path d="([^"]+)"/.exec(svg)?.[1] ?? "").matchAll(/[ML]/g)].length, 3);
    assert.match(all(svg).replaceAll("\n", " "), /log scale.*left out of the log scale/s);
  });

  it("says so when nothing was recorded", () => {
    assert.ok(texts(line({ lines: [] })).includes("Nothing recorded"));
    assert.ok(texts(line({ lines: [{ name: "ppo", curves: [{ x: [0], y: [NaN] }] }] })).includes("Nothing recorded"));
  });

  it("tells those who do not see it where each line begins and ends", () => {
    assert.match(line(), /<desc>KL \(nats per sequence\) by Iteration\. ppo: from 1 at 0 to 2 at 2\.<\/desc>/);
  });
});

describe("a forest figure", () => {
  it("writes estimate, interval and n beside each mark, and what the interval is", () => {
    const said = texts(forest()).map(unescaped);
    assert.ok(said.includes("58.0 % (56.2 to 59.7), n = 1,024, p < 0.0001"));
    assert.ok(said.includes("51.0 % (48.0 to 54.0), n = 1,024"));
    assert.match(said.join(" "), /Bars: 95 % interval; n: comparisons\. Hollow marks cannot be told from 50 %/);
  });

  it("fills marks whose interval leaves the reference out, and only those", () => {
    const { background } = FIGURE_THEMES.light;
    const fills = [...forest().matchAll(/<circle [^>]*fill="([^"]+)"/g)].map(([, fill]) => fill);
    // Colours of the palette are the arms': which side of the reference a mark is on says who is better.
    assert.deepEqual(fills, [FIGURE_THEMES.light.foreground, background]);
  });

  it("says when there is no estimate", () => {
    const none = [{ label: "a vs b", value: NaN, low: NaN, high: NaN, n: 0 }];
    const svg = forest({ groups: [{ name: "g", rows: none }] });
    assert.ok(texts(svg).includes("no estimate, n = 0"));
    assert.ok(!svg.includes("<circle"));
  });
});
