import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { choiceOption, textOption } from "../arguments.ts";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { findRun } from "../files.ts";
import type { RunRecord } from "../../pipeline/index.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { renderTable, TABLE_FORMATS } from "../tables.ts";
import type { TableFormat } from "../tables.ts";
import { printJson } from "../terminal.ts";
import type { Table } from "../../protocol/events.ts";

/** Prints a run's tables. */
export const report: Command = {
  name: "report",
  summary: "print the tables of a run",
  details: ['With --json, one object: {"id","folder","status","tables":[{"name","title","columns","rows","files"}]}.'],
  positionals: [{ name: "RUN", description: "Id or folder of the run (default: the latest)", number: "optional" }],
  options: {
    ...DIRECTORY_OPTION,
    format: { value: "FORM", description: `${TABLE_FORMATS.join(", ")} (default: text)` },
    out: { value: "FILE", short: "o", description: "Write to a file instead of the screen" },
  },
  examples: [
    ["salsa report", "The latest run's tables"],
    ["salsa report demo-2 --format markdown --out results.md", "For a document"],
    ["salsa report --json", "For a script"],
  ],
  async run(args, context) {
    const format = choiceOption(args, "format", TABLE_FORMATS) ?? "text";
    const out = textOption(args, "out");
    const folder = await findRun(runsDirectory(args, context), args.positionals[0]);
    const { readRun } = await context.pipeline();
    const record = await readRun(folder);
    if (context.isJson) {
      const { id, status, tables } = record;
      printJson(context.terminal, { id, folder: record.folder, status, tables });
      return EXIT.ok;
    }
    const tables = await Promise.all(record.tables.map((table) => tableText(record, table, format)));
    const text = tables.length === 0 ? `${record.id} has no tables yet: it is ${record.status}\n` : tables.join("\n");
    if (out === undefined) context.terminal.out(text);
    else await writeFile(resolve(context.folder, out), text);
    return EXIT.ok;
  },
};

const EXTENSIONS: Readonly<Record<TableFormat, string>> = { text: ".txt", markdown: ".md", csv: ".csv", json: ".json" };

/** The run's own file in that form, which holds more digits than the screen shows; else the table as shown. */
async function tableText(record: RunRecord, table: Table, format: TableFormat): Promise<string> {
  const file = table.files.find((one) => one.endsWith(EXTENSIONS[format]));
  return file === undefined ? renderTable(table, format) : readFile(join(record.folder, file), "utf8");
}
