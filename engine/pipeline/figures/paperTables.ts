import { basename } from "node:path";
import type { RunConfig } from "../../config/index.ts";
import { NONE, type Sheet } from "../../evaluation/tables/sheet.ts";
import type { PaperTableName } from "../../protocol/figureNames.ts";
import { recordedTrainedNotes } from "../trainedNotes.ts";
import { intervalNote } from "./intervalNote.ts";
import type { FigureFacts } from "./facts.ts";
import type { Lack } from "./figure.ts";
import { mklLack, pairLack, ppoLack, salsaLack } from "./lacks.ts";
import { type PairRate, benchmarksOf, mirrored, pairRate } from "./rates.ts";
import { type Compared, comparedArms } from "./roles.ts";

/** Sources of tables, of one run. */
export type TableFacts = Pick<FigureFacts, "id" | "config" | "winRates" | "roles"> & {
  readonly state: Pick<FigureFacts["state"], "tables">;
};

/** A table as far as runs go. */
export interface PaperTableState {
  readonly title: string;
  /** Without rows where nothing can be shown. */
  readonly sheet: Sheet;
  /** Intervals and seeds, which the paper's layout has no column for. */
  readonly note: string;
  readonly lacks: readonly Lack[];
}

/** A table of the paper for users' runs. */
export interface PaperTable {
  readonly name: PaperTableName;
  readonly source: string;
  readonly description: string;
  make(runs: readonly TableFacts[]): PaperTableState;
}

const main: PaperTable = {
  name: "main",
  source: "Table 1",
  description: "Adjusted win rates of SALSA against PPO and SFT, by benchmark and model",
  make: mainTable,
};

const details: PaperTable = {
  name: "details",
  source: "Tables 2, 3 and 4, one a model",
  description: "Wins, losses and ties of SALSA, PPO and SFT against each other on every benchmark, from both sides",
  make: (runs) => pairsTable(runs, "Comparison of SALSA, PPO and SFT", pairsOfThree),
};

const multi: PaperTable = {
  name: "mkl",
  source: "Table 5",
  description: "Multi-KL against PPO",
  make: (runs) => pairsTable(runs, "Comparison of multi-KL and PPO", pairsOfMkl),
};

/** Every table, in the order of the paper. Add yours here. */
export const PAPER_TABLES: readonly PaperTable[] = [main, details, multi];

type Column = Sheet["columns"][number];
const text = (header: string): Column => ({ header, align: "left" });
const number = (header: string): Column => ({ header, align: "right" });
const percent = (rate: number): string => (100 * rate).toFixed(2);

function mainTable(runs: readonly TableFacts[]): PaperTableState {
  const rows: Sheet["rows"][number][] = [];
  const lacks: Lack[] = [];
  const shown: PairRate[] = [];
  const named = runs.map((run) => ({ run, model: modelName(run.config), compared: comparedArms(run.roles) }));
  for (const { run, compared } of named) lacks.push(...armLacks(run, compared));
  for (const benchmark of new Set(runs.flatMap(({ winRates }) => benchmarksOf(winRates)))) {
    for (const { run, model, compared } of named) {
      const { ppo, salsa, sft } = compared;
      if (salsa === undefined) continue;
      const rates = [ppo?.name, sft].map((other) =>
        other === undefined ? undefined : pairRate(run.winRates, benchmark, salsa.name, other),
      );
      if (rates.every((rate) => rate === undefined)) continue;
      shown.push(...rates.filter((rate) => rate !== undefined));
      rows.push([benchmark, model, ...rates.map((rate) => (rate === undefined ? NONE : percent(rate.adjusted)))]);
    }
  }
  for (const { run, compared } of named) lacks.push(...pairLacks(run, compared));
  return {
    title: "Adjusted win rates across models and datasets",
    sheet: { columns: [text("Dataset"), text("Model"), number("SALSA vs PPO"), number("SALSA vs SFT")], rows },
    note: noteOf(
      shown,
      named.map(({ run, compared }) => rolesNote(run, compared)),
    ),
    lacks: unique(lacks),
  };
}

function armLacks({ config }: TableFacts, { ppo, salsa }: Compared): readonly Lack[] {
  return [...(ppo === undefined ? [ppoLack(config)] : []), ...(salsa === undefined ? [salsaLack(config)] : [])];
}

function pairLacks({ winRates }: TableFacts, { ppo, salsa, sft }: Compared): readonly Lack[] {
  if (salsa === undefined) return [];
  const others = [ppo?.name, sft].filter((name) => name !== undefined);
  const missing = others.filter((other) =>
    benchmarksOf(winRates).every((one) => pairRate(winRates, one, salsa.name, other) === undefined),
  );
  return missing.map((other) => pairLack(winRates, salsa.name, other));
}

/** Two models with what the paper calls them. */
interface Pair {
  readonly a: string;
  readonly b: string;
  readonly names: readonly [string, string];
}

function pairsOfThree({ ppo, salsa, sft }: Compared): readonly Pair[] {
  const pair = (a: string | undefined, b: string | undefined, names: Pair["names"]): readonly Pair[] =>
    a === undefined || b === undefined ? [] : [{ a, b, names }];
  return [
    ...pair(salsa?.name, ppo?.name, ["SALSA", "PPO"]),
    ...pair(salsa?.name, sft, ["SALSA", "SFT"]),
    ...pair(ppo?.name, sft, ["PPO", "SFT"]),
  ];
}

function pairsOfMkl({ ppo, mkl }: Compared): readonly Pair[] {
  return ppo === undefined || mkl === undefined ? [] : [{ a: mkl.name, b: ppo.name, names: ["MKL", "PPO"] }];
}

const PAIR_COLUMNS: readonly Column[] = [
  text("Dataset"),
  text("Comparison"),
  number("Win"),
  number("Loss"),
  number("Tie"),
  number("Win Rate"),
  number("Adj. Win Rate"),
];

/** Each comparison in two rows, from both sides, as the paper has it. */
function pairsTable(
  runs: readonly TableFacts[],
  title: string,
  pairsOf: (compared: Compared) => readonly Pair[],
): PaperTableState {
  const rows: Sheet["rows"][number][] = [];
  const lacks: Lack[] = [];
  const shown: PairRate[] = [];
  const isOne = runs.length === 1;
  const notes: string[] = [];
  for (const run of runs) {
    const compared = comparedArms(run.roles);
    const pairs = pairsOf(compared);
    lacks.push(...(pairsOf === pairsOfMkl ? mklLacks(run, compared) : armLacks(run, compared)));
    notes.push(rolesNote(run, compared));
    for (const benchmark of benchmarksOf(run.winRates)) {
      for (const { a, b, names } of pairs) {
        const rate = pairRate(run.winRates, benchmark, a, b);
        if (rate === undefined) continue;
        shown.push(rate);
        const dataset = isOne ? benchmark : `${benchmark}, ${modelName(run.config)}`;
        rows.push(pairRow(dataset, names[0], rate), pairRow("", names[1], mirrored(rate)));
      }
    }
    const missing = pairs.filter(({ a, b }) =>
      benchmarksOf(run.winRates).every((one) => pairRate(run.winRates, one, a, b) === undefined),
    );
    lacks.push(...missing.map(({ a, b }) => pairLack(run.winRates, a, b)));
  }
  const of = isOne && runs[0] !== undefined ? ` for ${modelName(runs[0].config)}` : "";
  return {
    title: `${title}${of}`,
    sheet: { columns: PAIR_COLUMNS, rows },
    note: noteOf(shown, notes),
    lacks: unique(lacks),
  };
}

function mklLacks({ config }: TableFacts, { ppo, mkl }: Compared): readonly Lack[] {
  return [...(ppo === undefined ? [ppoLack(config)] : []), ...(mkl === undefined ? [mklLack(config)] : [])];
}

function pairRow(
  dataset: string,
  name: string,
  { win, loss, tie, winRate, adjusted }: PairRate,
): Sheet["rows"][number] {
  return [dataset, name, win, loss, tie, percent(winRate), percent(adjusted)];
}

/** Which arms stand for the paper's, and what another trainer did otherwise with them. */
function rolesNote({ id, state }: TableFacts, { ppo, salsa, mkl, sft }: Compared): string {
  const names = [
    ...(salsa === undefined ? [] : [`SALSA is ${salsa.name}`]),
    ...(ppo === undefined ? [] : [`PPO is ${ppo.name}`]),
    ...(sft === undefined ? [] : [`SFT is ${sft}`]),
    ...(mkl === undefined ? [] : [`MKL is ${mkl.name}`]),
  ];
  return names.length === 0 ? "" : [`${id}: ${names.join(", ")}.`, ...recordedTrainedNotes(state.tables)].join("\n");
}

function noteOf(shown: readonly PairRate[], roles: readonly string[]): string {
  if (shown.length === 0) return roles.filter((one) => one !== "").join("\n");
  return [
    "In per cent; the adjusted rate counts a tie as half a win.",
    intervalNote(shown),
    ...roles.filter((one) => one !== ""),
  ].join("\n");
}

function unique(lacks: readonly Lack[]): readonly Lack[] {
  return [...new Map(lacks.map((lack) => [JSON.stringify(lack), lack])).values()];
}

/** The base model as tables name it; of a model made from nothing, the config's name. */
export function modelName({ model, name }: RunConfig): string {
  if (!("checkpoint" in model)) return name;
  const { checkpoint, pinned = checkpoint } = model;
  return basename(pinned.replace(/^hf:/, "").replace(/@.*$/, ""));
}
