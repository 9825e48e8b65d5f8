import type { Command } from "../salsa.ts";

/** Opens the table of all runs. */
export const showRunsTable: Command = {
  id: "salsa.showRunsTable",
  run: (salsa) => salsa.table.show(),
};
