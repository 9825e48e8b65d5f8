import assert from "node:assert/strict";
import fc from "fast-check";

import { type RateTable, type TableEntry, winRateTable } from "../../../../engine/evaluation/table.ts";
import type { Outcome } from "../../../../engine/evaluation/judges/judge.ts";
import { csvTable } from "../../../../engine/evaluation/tables/csv.ts";
import { rowFrom, TableError } from "../../../../engine/evaluation/tables/fields.ts";
import { TABLE_FORMATS } from "../../../../engine/evaluation/tables/index.ts";
import { jsonTable, parseJsonTable } from "../../../../engine/evaluation/tables/json.ts";
import type { Comparison } from "../../../../engine/evaluation/winRates.ts";
import { HOSTILE, MARKED, kindsOf, steering } from "../../hostileText.ts";
import { comparisonsOf } from "../comparisons.ts";

const paper: TableEntry = {
  benchmark: "Arena-Hard",
  a: "SALSA",
  b: "PPO",
  comparisons: comparisonsOf({ win: 102, loss: 62, tie: 335, dropped: 1 }),
};

const seeds: TableEntry = {
  benchmark: "in",
  a: "salsa",
  b: "ppo",
  comparisons: [1, 2].flatMap((seed) =>
    (["win", "tie", "loss", "win"] as const).map((outcome, at): Comparison => ({
      prompt: String(at),
      seed,
      outcome,
      games: ["a", "b"],
      lengths: [at, 2],
    })),
  ),
};

const entry = fc.record({
  benchmark: fc.string(),
  a: fc.string(),
  b: fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "x", " ", "|") }),
  comparisons: fc.array(
    fc.record({
      prompt: fc.constantFrom("p", "q"),
      seed: fc.nat(2),
      outcome: fc.constantFrom<Outcome>("win", "loss", "tie", "dropped"),
      lengths: fc.constant([1, 2] as const),
    }),
    { maxLength: 12 },
  ),
});

/** The cells of a CSV file (RFC 4180), line by line. */
function csvRecords(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A cell, quoted or plain, and its terminator.
  for (const [, inQuotes, plain = "", end = ""] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(inQuotes?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}

/** A cell without the apostrophe that keeps spreadsheets from computing it. */
const asRead = (cell = ""): string => (/^'+[=+\-@\t\r\n＝＋－＠]/.test(cell) ? cell.slice(1) : cell);

const rendered = (name: string, table: RateTable): string =>
  TABLE_FORMATS.find((format) => format.name === name)?.renderWinRates(table) ?? "";

describe("win-rate table", () => {
  it("has a dash in place of an interval of no comparisons", () => {
    const none = winRateTable([{ ...paper, comparisons: comparisonsOf({ win: 0, loss: 0, tie: 0, dropped: 3 }) }]);
    const [text] = TABLE_FORMATS.filter(({ name }) => name === "markdown").map((format) => format.renderWinRates(none));
    assert.match(text ?? "", /\| 3 \| 0 \| – \| – \| – \| /);
  });

  it("has a line per seed and one over all, and Holm's p for the latter only", () => {
    const table = winRateTable([seeds, paper]);
    assert.deepEqual(
      table.map(({ seed, nSeeds, holm }) => [seed, nSeeds, holm !== undefined]),
      [
        [1, 1, false],
        [2, 1, false],
        ["all", 2, true],
        ["all", 1, true],
      ],
    );
  });

  it("has one line where there is one seed", () => {
    const comparisons: Comparison[] = [{ prompt: "p", seed: 7, outcome: "win" }];
    assert.deepEqual(
      winRateTable([{ benchmark: "in", a: "x", b: "y", comparisons }]).map(({ seed }) => seed),
      ["all"],
    );
  });
});

describe("table formats", () => {
  for (const { name, extension, renderWinRates: render } of TABLE_FORMATS) {
    it(`are complete: ${name} names both sides and the rate, also of an empty table`, () => {
      const text = render(winRateTable([paper]));
      for (const part of ["SALSA", "PPO", "Arena-Hard", "102"]) assert(text.includes(part), part);
      assert.match(text, /54\.01|0\.540080/);
      assert.match(extension, /^\.[a-z]+$/);
      assert(render([]).endsWith("\n"));
    });
  }

  it("align the columns of the terminal's", () => {
    const lines = rendered("text", winRateTable([seeds, paper]))
      .trimEnd()
      .split("\n");
    const at = lines[0]?.indexOf("win %") ?? NaN;
    for (const line of lines.slice(2)) assert.match(line.slice(at - 1, at + 5), /^ [\d.]+$/);
  });

  it("are the paper's rates in Markdown", () => {
    const [, rule, row] = rendered("markdown", winRateTable([paper])).split("\n");
    assert.match(rule ?? "", /^\| --- \| --- \| --- \| ---: /);
    assert.match(
      row ?? "",
      /^\| Arena-Hard \| SALSA \| PPO \| all \| 102 \| 62 \| 335 \| 1 \| 499 \| 20\.44 \| 54\.01 \| /,
    );
  });

  it("escape what Markdown and LaTeX would read as their own", () => {
    const odd = winRateTable([{ ...paper, a: "50_% & |x|" }]);
    assert(rendered("markdown", odd).includes("50\\_% \\& \\|x\\|"));
    assert(rendered("latex", odd).includes("50\\_\\% \\& |x|"));
  });

  it("give LaTeX no option of a line's end, and no command", () => {
    const bad = winRateTable([{ ...paper, benchmark: "[3cm]", a: "*", b: "\\input{/etc/passwd}^^41\nx\x1b" }]);
    const row = rendered("latex", bad).split("\n")[4] ?? "";
    const name = "\\textbackslash{}input\\{/etc/passwd\\}\\textasciicircum{}\\textasciicircum{}41 x";
    assert(row.startsWith(`{[}3cm] & {*} & ${name}\\textbackslash{}x1b & `), row);
  });

  it("give spreadsheets no formula, and leave numbers alone", () => {
    const bad = winRateTable([{ ...paper, benchmark: "=1+1", a: "@SUM(A1)", b: "-x" }]);
    const [, line = ""] = rendered("csv", bad).split("\r\n");
    assert(line.startsWith("'=1+1,'@SUM(A1),'-x,all,102,62,"), line);
    const sheet = { columns: [{ header: "=a", align: "left" }], rows: [["=1"], [-0.5], ["-0.5"], [null]] } as const;
    assert.equal(TABLE_FORMATS.find(({ name }) => name === "csv")?.render(sheet), "'=a\r\n'=1\r\n-0.5\r\n-0.5\r\n\r\n");
  });

  it("show nothing of a name as Markdown, and a name in one line of text", () => {
    const bad = winRateTable([{ ...paper, benchmark: MARKED, a: HOSTILE }]);
    const kinds = kindsOf(rendered("markdown", bad));
    for (const kind of ["link_open", "image", "html_inline", "em_open", "s_open", "fence"])
      assert(!kinds.has(kind), kind);
    assert.equal(rendered("markdown", bad).trimEnd().split("\n").length, 3);
    assert.equal(rendered("text", bad).trimEnd().split("\n").length, 3);
    assert.deepEqual(steering(rendered("text", bad)), []);
  });

  it("come back from CSV and JSON as they went, whatever names and numbers hold", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), (entries) => {
        const table = winRateTable(entries);
        const [header = [], ...lines] = csvRecords(csvTable(table));
        const rows = lines.map((cells, at) =>
          rowFrom(Object.fromEntries(header.map((field, k) => [field, asRead(cells[k])])), `line ${at + 2}`),
        );
        assert.deepEqual(rows, table);
        assert.deepEqual(parseJsonTable(jsonTable(table)), table);
      }),
    );
  });

  it("refuse files that hold no table, naming line and field", () => {
    const text = jsonTable(winRateTable([paper]));
    assert.throws(() => parseJsonTable(text.replace("102", '"many"')), {
      message: 'read table: row 1: field wins is "many"',
    });
    assert.throws(() => parseJsonTable("[{}]"), { message: "read table: row 1: field benchmark is missing" });
    assert.throws(() => parseJsonTable("nonsense"), TableError);
  });
});
