import assert from "node:assert/strict";
import { forestFigure, lineFigure } from "../../../../engine/figures/index.ts";
import { drawText } from "../../../../engine/figures/raster/glyphs.ts";
import { type Picture, rasterize } from "../../../../engine/figures/raster/index.ts";

const framed = (body: string, size = 10): string =>
  `<svg width="${size}" height="${size}" fill="#000000"><rect width="${size}" height="${size}" fill="#ffffff" rx="6"/>${body}</svg>`;

function pixel({ width, pixels }: Picture, x: number, y: number): number[] {
  return [...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

describe("a figure as pixels", () => {
  it("covers the pixels of a line that it runs through, and half of those that it touches half", () => {
    const picture = rasterize(framed('<line x1="2" x2="8" y1="5" y2="5" stroke="#ff0000" stroke-width="1"/>'), 1);
    assert.deepEqual([picture.width, picture.height], [10, 10]);
    // A line one pixel wide along the border of two rows covers half of each.
    assert.deepEqual(pixel(picture, 5, 4), [255, 128, 128]);
    assert.deepEqual(pixel(picture, 5, 5), [255, 128, 128]);
    assert.deepEqual(pixel(picture, 5, 3), [255, 255, 255]);
    assert.deepEqual(pixel(picture, 9, 5), [255, 255, 255]);
  });

  it("fills an area with its share of each pixel, and what lies below shines through", () => {
    const half = '<polygon points="2,2 7.5,2 7.5,6 2,6" fill="#0000ff" fill-opacity="0.5"/>';
    const picture = rasterize(framed(half), 1);
    assert.deepEqual(pixel(picture, 4, 4), [128, 128, 255]);
    assert.deepEqual(pixel(picture, 7, 4), [191, 191, 255]); // half of the pixel, at half of the opacity
    assert.deepEqual(pixel(picture, 8, 4), [255, 255, 255]);
    assert.deepEqual(pixel(picture, 4, 1), [255, 255, 255]);
  });

  it("draws what is grouped by the line that it is of as if it were not", () => {
    const line = '<line x1="2" x2="8" y1="5" y2="5" stroke="#ff0000" stroke-width="1"/>';
    const grouped = rasterize(framed(`<g data-line="0">${line}</g>`), 1);
    assert.deepEqual(grouped.pixels, rasterize(framed(line), 1).pixels);
  });

  it("parts a line into its dashes", () => {
    const line = '<path d="M0,5.5L10,5.5" fill="none" stroke="#000000" stroke-width="1" stroke-dasharray="2 4"/>';
    const picture = rasterize(framed(line), 1);
    assert.deepEqual(
      [0, 3.5, 7].map((x) => pixel(picture, Math.floor(x), 5)[0]),
      [0, 255, 0],
    );
  });

  it("draws every element of our figures, whatever their texts", () => {
    const points = { x: [0, 1, 2, 3], y: [1, 2, NaN, 3] };
    const text = 'β & <b> "quoted" 中 é';
    for (const svg of [
      lineFigure({
        title: text,
        x: { label: text },
        y: { label: text, unit: "nats" },
        lines: [
          { name: text, curves: [points, { x: [0, 1], y: [2, 5] }] },
          { name: "dashed", curves: [points], place: 9 },
        ],
        smoothing: 0.5,
      }),
      lineFigure({ title: "empty", x: { label: "x" }, y: { label: "y" }, lines: [] }),
      forestFigure({
        title: text,
        x: { label: text },
        groups: [{ name: text, rows: [{ label: text, value: 0.5, low: 0.4, high: 0.6, n: 10 }] }],
        reference: 0.5,
        interval: "95 %",
      }),
    ]) {
      const { pixels } = rasterize(svg);
      assert.ok(new Set(pixels).size > 2);
      assert.deepEqual(rasterize(svg).pixels, pixels, "the same each time");
    }
  });

  it("is refused where it is none of ours, and bounded in its size", () => {
    for (const wrong of ["", "<html></html>", "<svg></svg>", framed("<script/>"), framed('<polygon points="a,b"/>')])
      assert.throws(() => rasterize(wrong), RangeError, wrong);
    const { width, height } = rasterize(framed("", 1e6));
    assert.ok(width * height <= 16_000_000);
  });
});

describe("text without a font", () => {
  it("has strokes for every character of ASCII, of which no two look the same", () => {
    const ascii = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at));
    const box = JSON.stringify(drawText("\u4e2d", 14).lines);
    const shapes = ascii.map((character) => JSON.stringify(drawText(character, 14).lines));
    assert.ok(!shapes.includes(box));
    // Without its place in the line, "I" would be told by its serifs, "l" and "|" by theirs.
    assert.equal(new Set(shapes).size, ascii.length);
  });

  it("is about as wide as the figures' layout expects", () => {
    const text = "Adjusted win rate of the first";
    const { width } = drawText(text, 12);
    assert.ok(width < text.length * 12 * 0.58 && width > text.length * 12 * 0.4, String(width));
    assert.equal(drawText("", 12).width, 0);
    assert.deepEqual(drawText("e\u0301", 12), drawText("é", 12));
  });
});
