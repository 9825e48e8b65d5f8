import assert from "node:assert/strict";
import * as fc from "fast-check";
import { formatBytes, formatCount, formatFileSize } from "../../../engine/common/format.ts";
import { formatAgo } from "../../../extension/commands/format.ts";

describe("memory", () => {
  it("is written in binary units", () => {
    assert.deepEqual([0, 1023, 1024, 1.5 * 2 ** 30, 4 * 2 ** 40].map(formatBytes), [
      "0 B",
      "1023 B",
      "1.0 KiB",
      "1.5 GiB",
      "4.0 TiB",
    ]);
  });

  it("has a unit whatever the number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes) =>
        assert.match(formatBytes(bytes), /^\d+(\.\d)? ([KMGT]i)?B$/),
      ),
    );
  });
});

describe("files", () => {
  it("are counted in powers of 1000, and never as a thousand of a unit", () => {
    assert.deepEqual([0, 999, 1500, 423_900, 999_600, 26.5e9].map(formatFileSize), [
      "0 B",
      "999 B",
      "1.5 kB",
      "424 kB",
      "1.0 MB",
      "26.5 GB",
    ]);
  });
});

describe("counts", () => {
  it("have commas between thousands", () => {
    assert.equal(formatCount(861_312), "861,312");
  });
});

describe("how long ago", () => {
  const ago = (seconds: number, locale = "en"): string =>
    formatAgo(1_000_000_000_000 - 1000 * seconds, { now: 1_000_000_000_000, locale });

  it("is written in the largest unit that is full", () => {
    assert.deepEqual(
      [0, 59, 60, 3599, 7200, 86_400, 20 * 86_400].map((seconds) => ago(seconds)),
      ["now", "59 seconds ago", "1 minute ago", "59 minutes ago", "2 hours ago", "yesterday", "20 days ago"],
    );
  });

  it("is now for a time that another machine's clock has put ahead", () => {
    assert.equal(ago(-30), "now");
  });

  it("is written in the editor's language", () => {
    assert.equal(ago(7200, "de"), "vor 2 Stunden");
  });
});
