import type { Command } from "../salsa.ts";

/** Writes a config with the settings of one arm of a run. */
export const promoteArm: Command = {
  id: "salsa.promoteArm",
  run: async (salsa, ...args) => {
    // Loaded on first use, to keep activation short.
    const { promote } = await import("./promoting.ts");
    return promote(salsa, args);
  },
};
