import type { NamedLayout, LayoutBook, MarksChange, TableState } from "./runsLayout.ts";
import type { TableParams, TableRows } from "./runsTable.ts";

/** Type of the panel. */
export const RUNS_TABLE = "salsa.runsTable";

/** An arm whose settings are to become a config of their own. */
export interface PromotedArm {
  /** The run's. */
  readonly folder: string;
  readonly arm: string;
  /** The β to take of several. */
  readonly beta?: number | undefined;
}

/** Everything that the page of the runs table may ask for, by method. */
export interface RunsTableRequests {
  readonly tableRows: { params: TableParams; result: TableRows };
  /** Keeps a layout in the workspace, in place of one of the same name. */
  readonly saveLayout: { params: NamedLayout; result: Record<string, never> };
  readonly deleteLayout: { params: { readonly name: string }; result: Record<string, never> };
  /** Changes name, tags and note of a run in the workspace. */
  readonly mark: { params: { readonly folder: string } & MarksChange; result: Record<string, never> };
  /** Shows runs in the dashboard; of several, their curves over each other. */
  readonly openRuns: { params: { readonly folders: readonly string[] }; result: Record<string, never> };
  /** Lets a dashboard that is open show these runs, wherever it is; the keyboard stays here. */
  readonly followRuns: { params: { readonly folders: readonly string[] }; result: Record<string, never> };
  /** Writes a config with the settings of an arm, and opens it. */
  readonly promote: { params: PromotedArm; result: Record<string, never> };
  /** Opens a file at a line. */
  readonly openPlace: { params: { readonly file: string; readonly line?: number }; result: Record<string, never> };
}
export type RunsTableMethod = keyof RunsTableRequests;

/** A request with a number of its own. */
export interface RunsTableRequest {
  readonly kind: "request";
  readonly id: number;
  readonly method: RunsTableMethod;
  readonly params: unknown;
}

/** From the page to the extension. */
export type FromRunsTable =
  /** The script runs: only from here on are messages heard. */
  | { readonly kind: "ready" }
  | RunsTableRequest
  /** The state of the page now. */
  | { readonly kind: "state"; readonly state: TableState };

/** From the extension to the page. */
export type ToRunsTable =
  /** The answer to "ready". */
  | {
      readonly kind: "show";
      readonly state: TableState;
      readonly book: LayoutBook;
      /** Translations by the English text; empty in English. */
      readonly strings: Readonly<Record<string, string>>;
    }
  /** Files of layouts have changed. */
  | { readonly kind: "book"; readonly book: LayoutBook }
  /** The folders of the runs that the dashboard shows; null while none is open. */
  | { readonly kind: "dashboard"; readonly runs: readonly string[] | null }
  | { readonly kind: "runs"; readonly changed: readonly string[]; readonly removed: readonly string[] }
  /** The engine service is gone, and why; null when it is back. */
  | { readonly kind: "service"; readonly problem: string | null }
  | { readonly kind: "response"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly message: string };
