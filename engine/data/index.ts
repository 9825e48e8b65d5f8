export { keptBackIn, originOf } from "./prepare.ts";
export type { DataCounts } from "./reasons.ts";
export type { RecordKind } from "./records.ts";
export { readySource } from "./sources.ts";
