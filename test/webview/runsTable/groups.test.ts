import assert from "node:assert/strict";
import * as fc from "fast-check";
import { meanInterval } from "../../../engine/evaluation/statistics/mean.ts";
import { FIRST_LAYOUT, type RunMarks, type TableLayout } from "../../../engine/protocol/runsLayout.ts";
import { cellOf } from "../../../webview/runsTable/cells.ts";
import { describeColumn } from "../../../webview/runsTable/columns.ts";
import { groupRows, sortRows, spreadOf } from "../../../webview/runsTable/groups.ts";
import { rowItem } from "../../../webview/runsTable/items.ts";
import { type ModelRow, valueOf } from "../../../webview/runsTable/rows.ts";
import { StandingLines, nextSort, shownRows } from "../../../webview/runsTable/shown.ts";
import { type MadeRun, rowsOf, tableOf } from "./tables.ts";

const SHARE = describeColumn({ id: "metric.policy/clipFraction" });
const SCORE = describeColumn({ id: "metric.objective/score" });

function scored(values: readonly (number | undefined)[], column = SCORE.id): readonly ModelRow[] {
  const models = values.map((value, seed) => ({
    name: "ppo",
    seed,
    values: { "model.seed": seed, ...(value !== undefined && { [column]: value }) },
  }));
  return rowsOf([{ id: "a-1", models }]).rows;
}

describe("runs that were given display names", () => {
  const all = rowsOf(["demo-1", "demo-2", "demo-10", "demo-3"].map((id) => ({ id })));
  const named = (name: string): RunMarks => ({ tags: [], note: "", name });
  all.setMarks({ "/w/.salsa/runs/demo-1": named("zero β"), "/w/.salsa/runs/demo-10": named("Best") });
  const titles = (rows: readonly ModelRow[]): readonly string[] => rows.map(({ title }) => title);

  it("stand in the order of the names that are shown, whether they are grouped or not", () => {
    const up = ["demo-10", "demo-2", "demo-3", "demo-1"];
    for (const descending of [false, true]) {
      const layout: TableLayout = { ...FIRST_LAYOUT, filter: "", sort: [{ column: "run.id", descending }] };
      const wanted = descending ? up.toReversed() : up;
      assert.deepEqual(titles(shownRows(all, layout, new Set()).rows), wanted);
      const { lines } = shownRows(all, { ...layout, groupBy: ["run.folder"] }, new Set());
      const groups = lines.flatMap((line) => (line.kind === "group" ? titles(line.group.rows) : []));
      assert.deepEqual(groups, wanted);
    }
  });
});

describe("a group of rows", () => {
  it("of four and more has the t interval of the mean, as tables have it", () => {
    const values = [1, 2, 4, 9];
    const spread = spreadOf(scored(values), SCORE);
    const { estimate, low, high } = meanInterval(values);
    assert.ok(spread);
    assert.equal(spread.n, 4);
    for (const [ours, theirs] of [
      [spread.mean, estimate],
      [spread.low, low],
      [spread.high, high],
    ] as const)
      assert.ok(Math.abs(ours - theirs) < 1e-9, `${ours} and ${theirs}`);
  });

  it("of two or three has their range, of one neither, and passes over rows without a number", () => {
    assert.deepEqual(spreadOf(scored([3, undefined, 1, 2]), SCORE), { n: 3, mean: 2, low: 1, high: 3 });
    assert.deepEqual(spreadOf(scored([3]), SCORE), { n: 1, mean: 3, low: NaN, high: NaN });
    assert.equal(spreadOf(scored([undefined]), SCORE), undefined);
  });

  it("has an interval that ends where the metric does", () => {
    const spread = spreadOf(scored([0, 0, 0, 0.9], SHARE.id), SHARE);
    assert.equal(spread?.low, 0, "no share is below 0");
  });

  it("by tags is of runs with the same ones, in whatever order, and a comma makes no two tags of one", () => {
    const all = rowsOf(["comma", "two", "turned", "quoted", "none"].map((id) => ({ id })));
    const tagged = {
      ...{ comma: ["a, b"], two: ["a", "b"], turned: ["b", "a"] },
      quoted: ['"a', 'b"'],
    };
    const marks = Object.entries(tagged).map(([id, tags]) => [`/w/.salsa/runs/${id}`, { tags, note: "" }]);
    all.setMarks(Object.fromEntries(marks) as Record<string, RunMarks>);
    const groups = groupRows(all.rows, ["run.tags"]);
    assert.deepEqual(
      groups.map(({ rows }) => rows.map(({ title }) => title)),
      [["comma"], ["two", "turned"], ["quoted"], ["none"]],
    );
    const place = { groupBy: ["run.tags"], isFirst: true };
    const titles = groups.map(
      (group) => cellOf(describeColumn({ id: "run.id" }), { kind: "group", group, isOpen: false }, place).title,
    );
    assert.deepEqual(titles, ['"a, b" (1 row)', "a, b (2 rows)", String.raw`"\"a", "b\"" (1 row)`, "– (1 row)"]);
  });

  it("writes means with their interval, and says of settings how many there are", () => {
    const [group] = groupRows(scored([1, 2, 3]), ["model.name"]);
    assert.ok(group);
    const line = { kind: "group", group, isOpen: false } as const;
    const place = { groupBy: ["model.name"], isFirst: false };
    assert.equal(cellOf(SCORE, line, place).text, "2.00 (1.00–3.00)");
    assert.match(cellOf(SCORE, line, place).title, /mean and range, n = 3/);
    assert.equal(cellOf(describeColumn({ id: "model.seed" }), line, place).text, "3 values");
    assert.equal(cellOf(describeColumn({ id: "model.name" }), line, place).text, "ppo");
  });
});

describe("the order of rows", () => {
  it("is by several columns, with rows without a value last either way", () => {
    const rows = scored([3, undefined, 1, 3]);
    const seeds = (sort: TableLayout["sort"]): unknown[] =>
      sortRows(rows, sort).map((row) => valueOf(row, "model.seed"));
    assert.deepEqual(seeds([{ column: SCORE.id }]), [2, 0, 3, 1]);
    assert.deepEqual(seeds([{ column: SCORE.id, descending: true }]), [0, 3, 2, 1]);
    assert.deepEqual(seeds([{ column: SCORE.id }, { column: "model.seed", descending: true }]), [2, 3, 0, 1]);
  });

  it("keeps every row, in an order in which none is before a smaller one", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double({ noNaN: true }), { nil: undefined }), { minLength: 1 }), (values) => {
        const rows = sortRows(scored(values), [{ column: SCORE.id }]);
        assert.equal(new Set(rows).size, values.length);
        const sorted = rows.map((row) => valueOf(row, SCORE.id)).filter((value) => typeof value === "number");
        for (const [at, value] of sorted.entries()) assert.ok(at === 0 || (sorted[at - 1] ?? 0) <= value);
      }),
    );
  });

  it("turns with each click on a column, and takes further columns in", () => {
    const up = nextSort([], "a", false);
    const down = nextSort(up, "a", false);
    assert.deepEqual(
      [up, down, nextSort(down, "a", false)],
      [[{ column: "a" }], [{ column: "a", descending: true }], []],
    );
    assert.deepEqual(nextSort(up, "b", true), [{ column: "a" }, { column: "b" }]);
    assert.deepEqual(nextSort(up, "b", false), [{ column: "b" }]);
  });

  it("of groups is by their means, and open groups list their rows", () => {
    const models = [5, 7, 1].map((score, at) => ({
      name: at < 2 ? "salsa" : "ppo",
      seed: at,
      values: { [SCORE.id]: score },
    }));
    const all = rowsOf([{ id: "a-1", models }]);
    const layout: TableLayout = {
      ...{ ...FIRST_LAYOUT, groupBy: ["model.name"] },
      sort: [{ column: SCORE.id, descending: true }],
    };
    const closed = shownRows(all, layout, new Set());
    assert.deepEqual(
      closed.lines.map((line) => line.kind === "group" && line.group.rows.length),
      [2, 1],
    );
    assert.deepEqual(
      closed.items.map(({ name }) => name),
      ["Model salsa · n = 2", "Model ppo · n = 1"],
    );
    const [first] = closed.lines;
    const key = first?.kind === "group" ? first.group.key : "";
    assert.equal(shownRows(all, layout, new Set([key])).lines.length, 4);
  });

  it("of groups and of their rows stands while they are read, though their means change", () => {
    const made = (salsa: number, ppo: number): MadeRun => ({
      id: "a-1",
      models: [salsa, ppo].map((score, at) => ({ name: at === 0 ? "salsa" : "ppo", values: { [SCORE.id]: score } })),
    });
    const all = rowsOf([made(2, 1)]);
    const layout: TableLayout = { ...FIRST_LAYOUT, groupBy: ["model.name"], sort: [{ column: SCORE.id }] };
    const standing = new StandingLines();
    const names = (): readonly unknown[] => shownRows(all, layout, new Set(), standing).items.map(({ model }) => model);
    assert.deepEqual(names(), ["ppo", "salsa"]);
    all.take(tableOf([made(2, 3)]));
    assert.deepEqual(names(), ["ppo", "salsa"]);
    standing.reset();
    assert.deepEqual(names(), ["salsa", "ppo"]);
  });

  it("names a run as somebody has, never without its id", () => {
    const all = rowsOf([{ id: "a-1", models: [{ name: "ppo", seed: 1 }] }]);
    all.setMarks({ "/w/.salsa/runs/a-1": { name: "best", tags: [], note: "" } });
    const layout: TableLayout = { ...FIRST_LAYOUT, groupBy: ["run.folder"] };
    const [line] = shownRows(all, layout, new Set()).lines;
    assert.ok(line);
    const run = describeColumn({ id: "run.id" });
    assert.equal(cellOf(run, line, { groupBy: layout.groupBy, isFirst: true }).title, "best (a-1) (1 row)");
    const [row] = all.rows;
    assert.ok(row);
    const alone = { kind: "row", row, isMember: false } as const;
    assert.equal(cellOf(run, alone, { groupBy: [], isFirst: true }).title, "best (a-1)");
    assert.match(rowItem(row).name, /^best \(a-1\) · ppo/);
  });

  it("tells runs of one id in two folders apart", () => {
    const all = rowsOf([{ id: "a-1" }]);
    all.take({
      blocks: [],
      palette: {},
      missing: [],
      meanings: {},
      runs: [{ folder: "/other/.salsa/runs/a-1", settings: [], values: {}, models: [] }],
    });
    assert.deepEqual(all.rows.map(({ title }) => title).sort(), ["a-1 (other)", "a-1 (w)"]);
  });
});
