import assert from "node:assert/strict";
import { Thinner, type DrawnLine } from "../../../webview/plots/draw.ts";

const WHOLE = { min: 0, max: 9999 };

describe("the thinning of lines", () => {
  it("keeps no more than four points a pixel, and every peak", () => {
    const [seen] = new Thinner().seen([line(10_000, 4321)], WHOLE, 100);
    assert.ok(seen);
    assert.ok(seen.main.x.length <= 4 * 101);
    assert.equal(Math.max(...Array.from(seen.main.y)), 50);
  });

  it("keeps half as many of lines that cover each other, still with every peak", () => {
    const lines = Array.from({ length: 20 }, (_, nth) => line(10_000, 100 * nth));
    for (const { main } of new Thinner().seen(lines, WHOLE, 100)) {
      assert.ok(main.x.length <= 4 * 51);
      assert.equal(Math.max(...Array.from(main.y)), 50);
    }
  });

  it("does nothing again for a line that stays as it is on the same stretch", () => {
    const thinner = new Thinner();
    const lines = [line(1000, 10), line(1000, 20)];
    const [first] = thinner.seen(lines, WHOLE, 100);
    assert.equal(thinner.seen(lines, WHOLE, 100)[0]?.main, first?.main);
    assert.notEqual(thinner.seen(lines, { min: 0, max: 500 }, 100)[0]?.main, first?.main);
    assert.notEqual(thinner.seen(lines, WHOLE, 200)[0]?.main, first?.main);
  });
});

/** A noisy line with one peak of 50. */
function line(length: number, peak: number): DrawnLine {
  const x = Float64Array.from({ length }, (_, at) => at);
  const y = Float64Array.from(x, (at) => (at === peak ? 50 : Math.sin(at * 12.9898)));
  const prepared = { main: { x, y }, raw: undefined, low: undefined, high: undefined, n: 1 };
  return { key: String(peak), title: "", look: { color: "", dash: [], shape: undefined }, prepared };
}
