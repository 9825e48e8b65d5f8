import { resolve } from "node:path";
import { TABLE_FORMATS } from "../../evaluation/tables/index.ts";
import { sheetText } from "../../evaluation/tables/sheet.ts";
import { suggest } from "../../config/suggest.ts";
import { PAPER_TABLE_NAMES, nameFor } from "../../protocol/figureNames.ts";
import { visibleLine } from "../../common/visible.ts";
import { choiceOption, textOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { findRunOf, writeText } from "../files.ts";
import { printLacks } from "../lacks.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

const NAMES = Object.keys(PAPER_TABLE_NAMES);
const FORMATS = TABLE_FORMATS.map(({ name }) => name);

/** Prints a table in the paper's layout. */
export const table: Command = {
  name: "table",
  summary: "print a run's win rates in the layout of the paper's tables",
  details: [
    "main (1): adjusted win rates of SALSA against PPO and SFT; of several runs, such as one a model, in one table.\n" +
      "details (2, 3, 4): wins, losses and ties of the three against each other, from both sides.\n" +
      "mkl (5): multi-KL against PPO.\n" +
      "Which arms stand for the paper's is read from the config; what a run does not have is said, with what would add it.",
    'With --json, one object: {"name","title","columns","rows","note","missing":[{"what","snippet"?,"command"?}]}.',
  ],
  positionals: [
    { name: "NAME", description: `${NAMES.join(", ")}, or the paper's number: 1 to 5` },
    { name: "RUN", description: "Ids or folders of runs, or configs (default: the latest run)", number: "any" },
  ],
  options: {
    ...DIRECTORY_OPTION,
    format: { value: "FORM", description: `${FORMATS.join(", ")} (default: text)` },
    out: { value: "FILE", short: "o", description: "Write to a file instead of the screen" },
  },
  examples: [
    ["salsa table 1", "The latest run"],
    ["salsa table 1 llama-1 mistral-1 gemma-1 --format latex", "Three models in one table, for a paper"],
    ["salsa table details demo.salsa.json --format csv --out details.csv", "The latest run of a config"],
  ],
  async run(args, context) {
    const [asked = "", ...named] = args.positionals;
    const name = nameFor(PAPER_TABLE_NAMES, asked);
    if (name === undefined) {
      const near = suggest(asked, NAMES);
      const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `tables are ${NAMES.join(", ")}`;
      throw new UsageError(`${JSON.stringify(asked)} is not a table; ${hint}`);
    }
    const formatName = choiceOption(args, "format", FORMATS) ?? "text";
    const out = textOption(args, "out");
    const directory = runsDirectory(args, context);
    const folders: string[] = [];
    for (const run of named.length === 0 ? [undefined] : named) folders.push(await findRunOf(directory, run));
    const { paperTableOf } = await context.pipeline();
    const { title, sheet, note, lacks } = await paperTableOf(folders, name);
    const { terminal } = context;
    const code = sheet.rows.length === 0 ? EXIT.failed : EXIT.ok;
    if (context.isJson) {
      printJson(terminal, { name, title, ...sheet, note, missing: lacks });
      return code;
    }
    if (sheet.rows.length > 0) {
      const format = TABLE_FORMATS.find((one) => one.name === formatName);
      const isText = formatName === "text";
      const body = format?.render(sheet) ?? sheetText(sheet);
      const text = isText ? `${visibleLine(title)}\n\n${body}\n${note}\n` : body;
      if (out === undefined) terminal.out(text);
      else await writeText(resolve(context.folder, out), text);
      if (!isText || out !== undefined) terminal.err(`${note}\n`);
    }
    printLacks(terminal, lacks);
    return code;
  },
};
