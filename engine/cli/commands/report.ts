import { resolve } from "node:path";
import { TABLE_FORMATS } from "../../evaluation/tables/index.ts";
import { visibleLine } from "../../common/visible.ts";
import { tableText } from "../../server/service/tableText.ts";
import { choiceOption, switchOption, textOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Arguments, Command, CommandContext } from "../command.ts";
import { findRun, writeText } from "../files.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { printJson } from "../terminal.ts";
import { noTables } from "../../tools/tablesText.ts";

/** The report as a document with figures, not a form of a table. */
const DOCUMENT = "document";
const FORMATS = [...TABLE_FORMATS.map(({ name }) => name), DOCUMENT];

/** Prints a run's tables. */
export const report: Command = {
  name: "report",
  summary: "print the tables of a run, or write its report",
  details: [
    "--format document writes a Markdown report with figures into the run's folder, of a run in any state.",
    'With --json, one object: {"id","folder","status","tables":[{"name","title","columns","rows","files"}]};\n' +
      'of a document, or with --html, {"file"}.',
  ],
  positionals: [
    {
      name: "RUN",
      description: "Id or folder of the run (default: the latest); of several, with --html",
      number: "any",
    },
  ],
  options: {
    ...DIRECTORY_OPTION,
    format: { value: "FORM", description: `${FORMATS.join(", ")} (default: text)` },
    table: { value: "NAME", description: "This table alone, such as winRates (default: all)" },
    html: { description: "Write the report with its figures as one HTML file that needs no other" },
    out: { value: "FILE", short: "o", description: "Write to a file instead of the screen" },
  },
  examples: [
    ["salsa report", "The latest run's tables"],
    ["salsa report demo-2 --format markdown --out results.md", "For a document"],
    ["salsa report --table winRates --format csv", "One table with every digit"],
    ["salsa report --format document", "Results, figures, samples and how to make them again"],
    ["salsa report --html --out results.html", "The same in one file, to send or to print"],
    ["salsa report demo-1 demo-2 --html --out both.html", "Two runs, their curves laid over each other"],
    ["salsa report --json", "For a script"],
  ],
  async run(args, context) {
    const formatName = choiceOption(args, "format", FORMATS) ?? "text";
    const out = textOption(args, "out");
    const directory = runsDirectory(args, context);
    const [named, ...others] = args.positionals;
    const folder = await findRun(directory, named);
    if (others.length > 0) {
      const more = await Promise.all(others.map((one) => findRun(directory, one)));
      return writeComparison([...new Set([folder, ...more])], args, context);
    }
    if (switchOption(args, "html")) return writeHtml(folder, args, context);
    if (formatName === DOCUMENT) return writeDocument(folder, args, context);
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
    const none = visibleLine(noTables(record.id, record.status));
    const text = texts.length === 0 ? `${none}\n` : texts.join("\n");
    if (out === undefined) context.terminal.out(text);
    else await writeText(resolve(context.folder, out), text);
    return EXIT.ok;
  },
};

async function writeComparison(folders: readonly string[], args: Arguments, context: CommandContext): Promise<number> {
  const out = textOption(args, "out");
  if (!switchOption(args, "html") || out === undefined) {
    throw new UsageError("several runs are compared by --html with --out FILE; name one run for its tables");
  }
  refuseForms(args);
  const { htmlComparison } = await context.pipeline();
  const file = resolve(context.folder, out);
  await writeText(file, await htmlComparison(folders));
  if (context.isJson) printJson(context.terminal, { file });
  else context.terminal.outLine(file);
  return EXIT.ok;
}

function refuseForms(args: Arguments): void {
  for (const name of ["format", "table"]) {
    if (args.options[name] !== undefined)
      throw new UsageError(`--${name} does not go with --html, which is the whole report`);
  }
}

async function writeHtml(folder: string, args: Arguments, context: CommandContext): Promise<number> {
  refuseForms(args);
  const { writeHtmlReport } = await context.pipeline();
  const written = await writeHtmlReport(folder);
  const out = textOption(args, "out");
  const file = out === undefined ? written.file : resolve(context.folder, out);
  if (out !== undefined) await writeText(file, written.html);
  if (context.isJson) printJson(context.terminal, { file });
  else context.terminal.outLine(file);
  return EXIT.ok;
}

async function writeDocument(folder: string, args: Arguments, context: CommandContext): Promise<number> {
  for (const name of ["out", "table"]) {
    if (args.options[name] === undefined) continue;
    throw new UsageError(`--${name} does not go with --format document, which is written into the run's folder`);
  }
  const { writeReport } = await context.pipeline();
  const file = await writeReport(folder);
  if (context.isJson) printJson(context.terminal, { file });
  else context.terminal.outLine(file);
  return EXIT.ok;
}
