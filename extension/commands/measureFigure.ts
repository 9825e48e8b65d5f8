import type { Command } from "../salsa.ts";

/** Measures the soups of a figure whose numbers no run records. */
export const measureFigure: Command = {
  id: "salsa.measureFigure",
  run: async (salsa, ...args) => {
    // Loaded on first use, to keep activation short.
    const { measure } = await import("./measuring.ts");
    return measure(salsa, args);
  },
};
