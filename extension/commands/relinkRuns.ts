import type { Command } from "../salsa.ts";

/** Takes the runs of a config that is gone to the config that it is now, and remembers it. */
export const relinkRuns: Command = {
  id: "salsa.relinkRuns",
  run: async (salsa, ...args) => {
    // Loaded on first use, to keep activation short.
    const { relink } = await import("./relinking.ts");
    return relink(salsa, args);
  },
};
