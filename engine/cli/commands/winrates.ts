import { resolve } from "node:path";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { titledTable } from "../tables.ts";
import { printJson } from "../terminal.ts";

/** Prints win rates of judgments that other tools wrote. */
export const winrates: Command = {
  name: "winrates",
  summary: "print the win rates of judgments that FastChat or Arena-Hard wrote",
  details: [
    "Of Arena-Hard's, in either of its forms, there is its leaderboard as well; of FastChat's grades of single answers there are\ntheir means, as in its show_result. Intervals are clustered by question.",
    'With --json, one object: {"tables":[{"name","title","columns","rows","note"}]}.',
  ],
  positionals: [{ name: "JUDGMENTS", description: "Files of judgments", number: "several" }],
  options: {},
  examples: [
    ["salsa winrates model_judgment/gpt-4_pair.jsonl", "Every pair of MT-Bench"],
    ["salsa winrates model_judgment/gpt-4-1106-preview/*.jsonl", "An Arena-Hard leaderboard"],
  ],
  async run(args, context) {
    const { folder, isJson, terminal } = context;
    const { tablesOfJudgments } = await context.pipeline();
    const tables = await tablesOfJudgments(args.positionals.map((file) => resolve(folder, file)));
    if (isJson) printJson(terminal, { tables });
    else for (const table of tables) terminal.out(`${titledTable(table, terminal.outColumns)}\n`);
    return EXIT.ok;
  },
};
