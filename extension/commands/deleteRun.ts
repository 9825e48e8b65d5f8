import type { Command } from "../salsa.ts";

/** Deletes runs and, if the user chooses so, the artifacts that no other run uses. */
export const deleteRun: Command = {
  id: "salsa.deleteRun",
  run: async (salsa, ...args) => {
    // Loaded on first use, to keep activation short.
    const { deleteRuns } = await import("./deleting.ts");
    return deleteRuns(salsa, args);
  },
};
