import type { Command } from "../salsa.ts";

/** Shows what the folder of runs holds and what of it no run uses, and deletes of that what the user confirms. */
export const cleanUp: Command = {
  id: "salsa.cleanUp",
  run: async (salsa) => {
    // Loaded on first use, to keep activation short.
    const { cleanUpRuns } = await import("./cleaningUp.ts");
    return cleanUpRuns(salsa);
  },
};
