import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { PAPER_TABLES, type TableFacts } from "../../../../engine/pipeline/figures/paperTables.ts";
import { PAPER_TABLE_NAMES, nameFor } from "../../../../engine/protocol/figureNames.ts";
import { sheetLatex } from "../../../../engine/evaluation/tables/sheet.ts";
import { factsOf, PAPER_ARMS, type Counts } from "./states.ts";

interface PaperRow extends Counts {
  readonly table: string;
  readonly model: string;
  readonly benchmark: string;
  readonly winRate: number;
  readonly adjustedWinRate: number;
}

const { rows } = JSON.parse(readFileSync(new URL("../../../golden/paper/tables.json", import.meta.url), "utf8")) as {
  readonly rows: readonly PaperRow[];
};

const ARMS: Readonly<Record<string, string>> = { SALSA: "salsa", PPO: "ppo", SFT: "sft-1", MKL: "mkl" };

/** The paper's own counts as those of a run. */
function runOf(model: string, tables: readonly string[]): TableFacts {
  const judged = rows
    .filter((row) => row.model === model && tables.includes(row.table))
    .map(({ a, b, win, loss, tie, benchmark }) => ({ a: ARMS[a] ?? a, b: ARMS[b] ?? b, win, loss, tie, benchmark }));
  const facts = factsOf(PAPER_ARMS, judged);
  return { ...facts, config: { ...facts.config, name: model } };
}

function tableOf(name: string): (typeof PAPER_TABLES)[number] {
  const table = PAPER_TABLES.find((one) => one.name === name);
  assert.ok(table !== undefined);
  return table;
}

/** As in evaluation/paper.test.ts: the paper cuts some decimals. */
const ROUNDING = 0.01 + 1e-9;

describe("the paper's tables from a run's counts", () => {
  it("are listed under their numbers", () => {
    assert.deepEqual(
      PAPER_TABLES.map(({ name }) => name),
      Object.keys(PAPER_TABLE_NAMES),
    );
    assert.deepEqual(
      ["1", "2", "3", "4", "5", "mkl", "6"].map((word) => nameFor(PAPER_TABLE_NAMES, word)),
      ["main", "details", "details", "details", "mkl", "mkl", undefined],
    );
  });

  for (const [table, model] of [
    ["2", "Llama2-7B"],
    ["3", "Mistral-7B"],
    ["4", "Gemma-2B"],
  ] as const) {
    it(`give table ${table} for ${model}, both sides of every pair`, () => {
      const { sheet, lacks } = tableOf("details").make([runOf(model, [table])]);
      assert.deepEqual(
        sheet.columns.map(({ header }) => header),
        ["Dataset", "Comparison", "Win", "Loss", "Tie", "Win Rate", "Adj. Win Rate"],
      );
      const printed = rows.filter((row) => row.table === table);
      assert.equal(sheet.rows.length, 2 * printed.length);
      assert.deepEqual(lacks, []);
      for (const { benchmark, a, b, win, loss, tie, winRate } of printed) {
        const at = sheet.rows.findIndex(
          ([dataset, name], index) => dataset === benchmark && name === a && sheet.rows[index + 1]?.[1] === b,
        );
        const [ours = [], theirs = []] = sheet.rows.slice(at, at + 2);
        assert.deepEqual(ours.slice(2, 5), [win, loss, tie]);
        assert.deepEqual(theirs.slice(2, 5), [loss, win, tie]);
        assert.ok(Math.abs(Number(ours[5]) - winRate) <= ROUNDING, `${benchmark}, ${a} against ${b}`);
        assert.ok(Math.abs(Number(ours[6]) + Number(theirs[6]) - 100) < 0.011);
      }
    });
  }

  it("give table 1 for three models at once", () => {
    const runs = [runOf("Llama2-7B", ["2"]), runOf("Mistral-7B", ["3"]), runOf("Gemma-2B", ["4"])];
    const { sheet } = tableOf("main").make(runs);
    assert.equal(sheet.rows.length, 9);
    for (const [dataset, model, againstPpo, againstSft] of sheet.rows) {
      for (const [b, shown] of [
        ["PPO", againstPpo],
        ["SFT", againstSft],
      ] as const) {
        const printed = rows.find(
          (row) =>
            row.benchmark === dataset && row.model === model && row.a === "SALSA" && row.b === b && row.table !== "5",
        );
        assert.ok(
          Math.abs(Number(shown) - (printed?.adjustedWinRate ?? NaN)) <= ROUNDING,
          `${String(dataset)}, ${String(model)}, ${b}`,
        );
      }
    }
  });

  it("give table 5", () => {
    const { sheet } = tableOf("mkl").make([runOf("Mistral-7B", ["5"])]);
    assert.deepEqual(
      sheet.rows.map((row) => row.slice(0, 5)),
      [
        ["MT-Bench", "MKL", 69, 85, 340],
        ["", "PPO", 85, 69, 340],
        ["Arena-Hard", "MKL", 20, 29, 111],
        ["", "PPO", 29, 20, 111],
      ],
    );
    assert.match(sheetLatex(sheet), /MT-Bench & MKL & 69 & 85 & 340 & 13\.97 & 48\.38 \\\\/);
  });

  it("say n, interval and seeds, and which arm stands for which of the paper's", () => {
    const { note } = tableOf("main").make([runOf("Llama2-7B", ["2"])]);
    assert.match(
      note,
      /95 % intervals of the adjusted rates are about ±[\d.]+ to ±[\d.]+ points, n = 160 to 1,999; one base seed/,
    );
    assert.match(note, /SALSA is salsa, PPO is ppo, SFT is sft-1, MKL is mkl/);
  });

  it("say what a run does not have, and what would add it", () => {
    const { sheet, lacks } = tableOf("main").make([factsOf({ arms: { ppo: { reference: "sft-1" } }, soups: {} })]);
    assert.equal(sheet.rows.length, 0);
    assert.deepEqual(
      lacks.map(({ what }) => what),
      ["No arm is held to a soup of SFTs that its start is part of"],
    );
    const snippet = JSON.parse(`{${lacks[0]?.snippet ?? ""}}`) as object;
    const added = factsOf({ arms: { ppo: { reference: "sft-1" } }, ...snippet }).roles;
    assert.ok(
      added.some(({ kind }) => kind === "salsa"),
      "the snippet adds such an arm",
    );
    const unjudged = tableOf("mkl").make([factsOf(PAPER_ARMS, [{ a: "salsa", b: "ppo", win: 1, loss: 1, tie: 1 }])]);
    assert.deepEqual(unjudged.lacks, [
      { what: "mkl was not compared with ppo", snippet: '"evaluation": { "pairs": [["mkl", "ppo"]] }' },
    ]);
  });
});
