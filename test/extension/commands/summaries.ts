import type { RunSummary } from "../../../engine/protocol/service.ts";

/** A finished run, with values that matter to a test. */
export function summary(id: string, given: Partial<RunSummary> = {}): RunSummary {
  return {
    folder: `/work/.salsa/runs/${id}`,
    root: "/work/.salsa",
    id,
    name: "demo",
    configFile: "/work/demo.salsa.json",
    status: "finished",
    device: "wasm, 2 threads",
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_060_000,
    progress: { stage: "", title: "", step: 0, total: 0, nDone: 3, nStages: 3, fraction: 1 },
    nAlarms: 0,
    tables: [],
    ...given,
  };
}
