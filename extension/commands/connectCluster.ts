import type { Command } from "../salsa.ts";

/** Tests the cluster that a config names. */
export const connectCluster: Command = {
  id: "salsa.connectCluster",
  run: async (salsa, ...args) => {
    // Loaded on first use, to keep activation short.
    const { connect } = await import("./connecting.ts");
    await connect(salsa, args);
  },
};
