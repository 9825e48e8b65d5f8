import assert from "node:assert/strict";
import type { SamplePage } from "../../../engine/protocol/samples.ts";
import { PAGE_ROWS, Pages } from "../../../webview/parts/pages.ts";
import { pageOf } from "../samples/rows.ts";

describe("pages of samples", () => {
  it("fetch what is in view, then the page ahead", async () => {
    const { pages, asked } = pagesOf(1000);
    pages.want(0, 10, false);
    await settled();
    assert.deepEqual(asked, [0, PAGE_ROWS]);
    assert.equal(pages.row(7)?.prompt, "prompt 7");
    assert.equal(pages.row(500), undefined);
  });

  it("prefetch backwards when the reader goes back", async () => {
    const { pages, asked } = pagesOf(1000);
    pages.want(0, 0, false);
    await settled();
    pages.want(5 * PAGE_ROWS, 5 * PAGE_ROWS + 3, true);
    await settled();
    assert.deepEqual(asked.slice(2), [5 * PAGE_ROWS, 4 * PAGE_ROWS]);
  });

  it("ask for two pages at once at most, and only for those wanted last", async () => {
    const { pages, asked } = pagesOf(100_000);
    pages.want(0, 0, false);
    await settled();
    const before = asked.length;
    for (let row = 6000; row < 60_000; row += 6000) pages.want(row, row + 5, false);
    assert.equal(asked.length, before + 2);
    await settled();
    assert.ok(asked.length <= before + 4);
    assert.equal(pages.row(54_000)?.prompt, "prompt 54000");
  });

  it("keep a bounded number of rows", async () => {
    const { pages } = pagesOf(100_000);
    pages.want(0, 0, false);
    await settled();
    for (let row = 0; row < 6000; row += PAGE_ROWS) {
      pages.want(row, row + 5, false);
      await settled();
    }
    const kept = Array.from({ length: 6000 }, (_, index) => index).filter((index) => pages.row(index) !== undefined);
    assert.ok(kept.length <= 12 * PAGE_ROWS);
    assert.ok(kept.includes(5999));
  });

  it("tell a problem, ask nothing more, and go on when asked to", async () => {
    const { pages, asked, breakdown } = pagesOf(1000);
    breakdown.message = "samples.jsonl: cannot be read";
    pages.want(0, 0, false);
    await settled();
    pages.want(0, 5, false);
    assert.equal(pages.problem, "samples.jsonl: cannot be read");
    assert.equal(asked.length, 1);
    breakdown.message = undefined;
    pages.retry();
    await settled();
    assert.equal(pages.row(0)?.prompt, "prompt 0");
  });

  it("show old rows until refreshed ones have come", async () => {
    const { pages, asked } = pagesOf(1000);
    pages.want(0, 0, false);
    await settled();
    const before = asked.length;
    pages.refresh(1012);
    assert.equal(pages.head?.total, 1012);
    assert.equal(pages.row(0)?.prompt, "prompt 0");
    await settled();
    assert.deepEqual(asked.slice(before), [0, PAGE_ROWS]);
  });
});

interface PagesUnderTest {
  readonly pages: Pages;
  /** Offsets that were asked for. */
  readonly asked: number[];
  readonly breakdown: { message: string | undefined };
}

function pagesOf(nRows: number): PagesUnderTest {
  const asked: number[] = [];
  const breakdown: PagesUnderTest["breakdown"] = { message: undefined };
  const source = (window: { offset: number; limit: number }): Promise<SamplePage> => {
    asked.push(window.offset);
    return breakdown.message === undefined
      ? Promise.resolve(pageOf(nRows, window))
      : Promise.reject(new Error(breakdown.message));
  };
  return { pages: new Pages(source, () => undefined), asked, breakdown };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
