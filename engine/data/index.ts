export { type Browsed, type BrowsedRow, OWN_RECORDS, browse } from "./browse.ts";
export { knownFact } from "./known.ts";
export { type NamedCheck, keptBackIn } from "./prepare.ts";
export { type DataCounts, type Finding, isRefused } from "./reasons.ts";
export type { AnyRecord, RecordKind } from "./records.ts";
export type { RowPlace } from "./rows/row.ts";
export { findingError } from "./select.ts";
export { AS_IT_IS, type DataSource } from "./source.ts";
export { readySource } from "./sources.ts";
