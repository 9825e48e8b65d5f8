import { resolve } from "node:path";
import { TABLE_FORMATS } from "../../evaluation/tables/index.ts";
import { tableText } from "../../server/service/tableText.ts";
import { choiceOption, textOption } from "../arguments.ts";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { findRun, writeText } from "../files.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

const FORMATS = TABLE_FORMATS.map(({ name }) => name);

/** Prints a run's tables. */
export const report: Command = {
  name: "report",
  summary: "print the tables of a run",
  details: ['With --json, one object: {"id","folder","status","tables":[{"name","title","columns","rows","files"}]}.'],
  positionals: [{ name: "RUN", description: "Id or folder of the run (default: the latest)", number: "optional" }],
  options: {
    ...DIRECTORY_OPTION,
    format: { value: "FORM", description: `${FORMATS.join(", ")} (default: text)` },
    table: { value: "NAME", description: "This table alone, such as winRates (default: all)" },
    out: { value: "FILE", short: "o", description: "Write to a file instead of the screen" },
  },
  examples: [
    ["salsa report", "The latest run's tables"],
    ["salsa report demo-2 --format markdown --out results.md", "For a document"],
    ["salsa report --table winRates --format csv", "One table with every digit"],
    ["salsa report --json", "For a script"],
  ],
  async run(args, context) {
    const formatName = choiceOption(args, "format", FORMATS) ?? "text";
    const out = textOption(args, "out");
    const folder = await findRun(runsDirectory(args, context), args.positionals[0]);
    const { readRun } = await context.pipeline();
    const record = await readRun(folder);
    const only = choiceOption(
      args,
      "table",
      record.tables.map(({ name }) => name),
    );
    const tables = record.tables.filter(({ name }) => only === undefined || name === only);
    if (context.isJson) {
      const { id, status } = record;
      printJson(context.terminal, { id, folder: record.folder, status, tables });
      return EXIT.ok;
    }
    const format = TABLE_FORMATS.filter(({ name }) => name === formatName);
    const texts = await Promise.all(
      format.flatMap((one) => tables.map((table) => tableText(record.folder, table, one))),
    );
    const text = texts.length === 0 ? `${record.id} has no tables yet: it is ${record.status}\n` : texts.join("\n");
    if (out === undefined) context.terminal.out(text);
    else await writeText(resolve(context.folder, out), text);
    return EXIT.ok;
  },
};
