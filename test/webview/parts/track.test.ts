import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Track } from "../../../webview/parts/track.ts";

describe("the track of a scrollbar", () => {
  it("is the rows' own height while browsers can scroll that", () => {
    const track = trackOf(1000, 66);
    assert.equal(track.height, 66_000);
    track.scrollTo(660);
    assert.deepEqual(track.rows, { first: 10, last: 19 });
    assert.equal(track.offsetOf(10), 660);
  });

  it("is never taller than browsers can scroll", () => {
    assert.equal(trackOf(10_000_000, 138).height, 8_000_000);
  });

  it("moves rows pixel by pixel under the wheel, however many there are", () => {
    const track = trackOf(10_000_000, 100);
    track.scrollTo(4_000_000);
    const { top } = track;
    track.scrollTo(4_000_120);
    assert.equal(track.top, top + 120);
  });

  it("goes to the same share of the whole when the thumb is dragged", () => {
    const track = trackOf(10_000_000, 100);
    track.scrollTo((8_000_000 - 600) / 2);
    assert.ok(Math.abs(track.rows.first - 5_000_000) < 10);
  });

  it("reaches the first and the last row", () => {
    const track = trackOf(10_000_000, 100);
    track.scrollTo(8_000_000 - 600);
    assert.equal(track.rows.last, 9_999_999);
    track.scrollTo(0);
    assert.equal(track.rows.first, 0);
  });

  it("leaves a way on when the thumb would stand at an end and the rows do not", () => {
    const track = trackOf(10_000_000, 100);
    track.jumpTo(1);
    assert.equal(track.settle(), 1);
    track.scrollTo(0);
    track.scrollTo(0);
    assert.ok(track.top < 100);
  });

  it("keeps the row at the top when rows change their height", () => {
    const track = trackOf(1000, 66);
    track.jumpTo(500);
    track.resize({ nRows: 1000, rowHeight: 28, viewport: 600 });
    assert.equal(track.rows.first, 500);
  });

  it("keeps its place when rows are added", () => {
    const track = trackOf(1000, 66);
    track.jumpTo(500);
    track.resize({ nRows: 2000, rowHeight: 66, viewport: 600 });
    assert.equal(track.rows.first, 500);
  });

  it("has a slot for each row in view, in which the row stays while others come and go", () => {
    const places = fc.record({ nRows: fc.integer({ min: 0, max: 200_000 }), from: fc.nat(), by: fc.integer() });
    fc.assert(
      fc.property(places, ({ nRows, from, by }) => {
        const track = trackOf(nRows, 50);
        track.jumpTo(from % Math.max(1, nRows));
        const before = track.slots();
        track.jumpTo((from % Math.max(1, nRows)) + (by % 20));
        const after = track.slots();
        assert.equal(before.length, Math.min(nRows, 12 + 1 + 6));
        assert.equal(new Set(after).size, before.length);
        const { first, last } = track.rows;
        for (let row = first; row <= last; row++) assert.ok(after.includes(row), `row ${row} is seen`);
        for (const [slot, row] of before.entries()) {
          if (after.includes(row)) assert.equal(after[slot], row);
        }
      }),
    );
  });

  it("reveals a row in whole wherever it is, and settles without moving the rows", () => {
    const sizes = fc.record({
      nRows: fc.integer({ min: 1, max: 2_000_000 }),
      rowHeight: fc.integer({ min: 20, max: 140 }),
    });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), ({ nRows, rowHeight }, from, to) => {
        const track = trackOf(nRows, rowHeight);
        track.jumpTo(from % nRows);
        const row = to % nRows;
        track.reveal(row);
        const place = track.settle();
        assert.ok(place >= 0 && place <= Math.max(0, track.height - 600));
        const start = row * rowHeight - track.top;
        assert.ok(start >= 0 && start + rowHeight <= 600);
        assert.ok(Math.abs(track.offsetOf(row) - place - start) < 1e-6);
      }),
    );
  });
});

function trackOf(nRows: number, rowHeight: number): Track {
  const track = new Track();
  track.resize({ nRows, rowHeight, viewport: 600 });
  return track;
}
