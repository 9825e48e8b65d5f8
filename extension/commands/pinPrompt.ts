import type { Command } from "../salsa.ts";

/** Adds a prompt to those that every later run answers. */
export const pinPrompt: Command = {
  id: "salsa.pinPrompt",
  run: async (salsa, ...args) => {
    // Loaded on first use, to keep activation short.
    const { pin } = await import("./pinning.ts");
    return pin(salsa, args);
  },
};
