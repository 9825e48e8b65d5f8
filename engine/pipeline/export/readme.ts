import type { ReportTarget } from "../../config/index.ts";
import { codeSpan, literal } from "../../common/markdown.ts";
import { type ColumnKind, type ExportColumn, type ExportTable, columnsOf } from "./table.ts";

const KINDS: Readonly<Record<ColumnKind, string>> = {
  text: "text",
  number: "number (float64)",
  integer: "whole number (int64)",
  flag: "true or false",
};

/** How each tool shows its folder. */
const COMMANDS: Readonly<Record<ReportTarget, string>> = {
  tensorboard: "tensorboard --logdir tensorboard",
  mlflow: "MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri file:mlflow",
  wandb: "wandb sync wandb/offline-run-*",
};

/** Contents of an export. */
export interface ReadmeFacts {
  readonly titles: readonly string[];
  readonly tables: readonly ExportTable[];
  /** Rows of each table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly targets: readonly ReportTarget[];
}

/** Explains an export: its runs, how each table reads in pandas, and every column. */
export function exportReadme({ titles, tables, rows, targets }: ReadmeFacts): string {
  const parts = [
    "# Runs exported by SALSA",
    titles.map((title) => `- ${codeSpan(title)}`).join("\n"),
    INTRODUCTION,
    ...targets.map((target) => `\`${target}/\` has the curves once more: \`${COMMANDS[target]}\`.`),
    ...tables.map((table) => section(table, rows[table.name] ?? 0)),
  ];
  return `${parts.join("\n\n")}\n`;
}

const INTRODUCTION =
  "`configs/` has each run's config, as resolved. Tables have the rows of all runs; a number that does not exist is empty. " +
  "Parquet has every table as it is. In CSV, text that a spreadsheet would compute has an apostrophe before it, which the " +
  "lines below take off again (`import pandas as pd`).";

function section(table: ExportTable, nRows: number): string {
  const { name, description } = table;
  const columns = columnsOf(table);
  const head = ["| column | kind | meaning |", "| --- | --- | --- |"];
  const lines = columns.map((one) => `| ${codeSpan(one.name)} | ${KINDS[one.kind]} | ${literal(one.description)} |`);
  return [
    `## ${name}`,
    `${literal(description)}: ${nRows} ${nRows === 1 ? "row" : "rows"}.`,
    ["```python", `pd.read_parquet("${name}.parquet")`, csvLine(name, columns), "```"].join("\n"),
    [...head, ...lines].join("\n"),
  ].join("\n\n");
}

/** The line of pandas that reads a table's CSV to what its Parquet reads to. */
function csvLine(name: string, columns: readonly ExportColumn[]): string {
  const texts = columns.filter(({ kind }) => kind === "text").map((one) => one.name);
  const others = columns.filter(({ kind }) => kind === "number" || kind === "integer").map((one) => one.name);
  const dtype = `dict.fromkeys(${JSON.stringify(texts)}, str)`;
  const missing = others.length === 0 ? "" : `, na_values=dict.fromkeys(${JSON.stringify(others)}, "")`;
  const read = `pd.read_csv("${name}.csv", dtype=${dtype}, keep_default_na=False${missing})`;
  return `${read}.replace(r"^'(?='*[=+\\-@\\t\\r\\n＝＋－＠])", "", regex=True)`;
}
