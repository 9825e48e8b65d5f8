import type { Command } from "../salsa.ts";

/** Writes the report of a run, or of several beside each other, as one HTML file that needs no other. */
export const shareReport: Command = {
  id: "salsa.shareReport",
  run: async (salsa, ...args) => {
    // Loaded on first use, to keep activation short.
    const { share } = await import("./sharing.ts");
    return share(salsa, args);
  },
};
