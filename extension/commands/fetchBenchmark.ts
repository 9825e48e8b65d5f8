import type { Command } from "../salsa.ts";

/** Fetches a benchmark's published files, and writes them into a config. */
export const fetchBenchmark: Command = {
  id: "salsa.fetchBenchmark",
  run: async (salsa, ...args) => {
    // Loaded on first use, to keep activation short.
    const { fetchForConfig } = await import("./fetching.ts");
    return fetchForConfig(salsa, args);
  },
};
