import type { Command } from "../salsa.ts";

/** Checks the machine. */
export const doctor: Command = {
  id: "salsa.doctor",
  run: async (salsa) => {
    // Loaded on first use, to keep activation short.
    const { checkMachine } = await import("./checkingMachine.ts");
    await checkMachine(salsa);
  },
};
