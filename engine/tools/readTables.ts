import * as z from "zod";
import { findRun } from "./findRun.ts";
import { runName } from "./inputs.ts";
import { type OtherTable, tablesText } from "./tablesText.ts";
import { modelTool } from "./tool.ts";

/** Reads result tables. */
export const readTables = modelTool({
  name: "salsa_readTables",
  title: "Read SALSA tables",
  description:
    "Reads the result tables of a finished SALSA run: win rates of each pair of models per benchmark and seed, with wins, losses, ties, n, adjusted win rate, its 95 % interval, p and Holm-corrected p, and the number of seeds; then the scores of each model. Use it to say which model is better and whether the difference is significant.",
  input: z.strictObject({ run: runName }),
  isReadOnly: true,
  call: async (host, { run: named }, budget) => {
    const run = findRun(await host.runs(), named);
    const { folder, tables } = run;
    const rows = tables.includes("winRates") ? await host.request("winRates", { folder }) : [];
    const others = await Promise.all(
      tables
        .filter((name) => name !== "winRates")
        .map(async (name): Promise<OtherTable> => {
          const { text } = await host.request("table", { folder, name, format: "markdown" });
          return { name, markdown: text };
        }),
    );
    return tablesText(run, rows, others, budget);
  },
});
