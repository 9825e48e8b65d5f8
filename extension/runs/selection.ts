import type { RunStatus } from "../../engine/protocol/runState.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";

/** Orders that runs can be listed in. */
export const ORDERS = ["newest", "name", "status", "result"] as const;
export type RunOrder = (typeof ORDERS)[number];

/** Every state that a run can be in, those to look at first first. */
export const STATUSES = [
  "running",
  "queued",
  "failed",
  "lost",
  "stopped",
  "finished",
] as const satisfies readonly RunStatus[];

/** Which runs are wanted; an empty list or text wants all. */
export interface RunFilter {
  /** Part of a name, a config's path, a device or a stage, in any letters; several words must all be found. */
  readonly text: string;
  readonly statuses: readonly RunStatus[];
  /** Paths of config files. */
  readonly configs: readonly string[];
}

/** Matches every run. */
export const NO_FILTER: RunFilter = { text: "", statuses: [], configs: [] };

/** True if a filter excludes anything. */
export function isFiltering({ text, statuses, configs }: RunFilter): boolean {
  return text.trim() !== "" || statuses.length > 0 || configs.length > 0;
}

/** True if a run passes the filter. */
export function matches(run: RunSummary, { text, statuses, configs }: RunFilter): boolean {
  if (statuses.length > 0 && !statuses.includes(run.status)) return false;
  if (configs.length > 0 && !configs.includes(run.configFile)) return false;
  const { id, name, configFile, device, progress, status, result } = run;
  const told = [id, name, configFile, device, progress.stage, status, result?.benchmark, result?.a, result?.b];
  const where = told.join("\n").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => where.includes(word));
}

/** Runs in an order; those that are equal in it, the newest first. */
export function sorted(runs: readonly RunSummary[], order: RunOrder): readonly RunSummary[] {
  const compare = COMPARE[order];
  return [...runs].sort((a, b) => compare(a, b) || COMPARE.newest(a, b));
}

type Compare = (a: RunSummary, b: RunSummary) => number;

const COMPARE: Readonly<Record<RunOrder, Compare>> = {
  newest: (a, b) => b.createdAt - a.createdAt || byText(a.id, b.id),
  name: (a, b) => byText(a.id, b.id),
  status: (a, b) => STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status),
  // Runs without a result come last.
  result: (a, b) => (b.result?.adjusted ?? -1) - (a.result?.adjusted ?? -1),
};

let collator: Intl.Collator | undefined;

/** "demo-10" comes after "demo-9". */
function byText(a: string, b: string): number {
  // Created on first use: it takes a third of the time budget of an activation.
  collator ??= new Intl.Collator(undefined, { numeric: true });
  return collator.compare(a, b);
}

/** Where the editor keeps things for a workspace. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** Which runs the view lists and in which order; kept for the workspace. */
export class RunSelection {
  private readonly memory: Memory;
  private readonly listeners = new Set<() => void>();
  private wanted: RunFilter;
  private by: RunOrder;

  constructor(memory: Memory) {
    this.memory = memory;
    this.wanted = readFilter(memory.get(FILTER));
    const order = memory.get(ORDER);
    this.by = ORDERS.find((one) => one === order) ?? "newest";
  }

  get filter(): RunFilter {
    return this.wanted;
  }

  get order(): RunOrder {
    return this.by;
  }

  /** Changes filter, order or both, and persists them. */
  async change({
    filter = this.wanted,
    order = this.by,
  }: Partial<Pick<RunSelection, "filter" | "order">>): Promise<void> {
    this.wanted = filter;
    this.by = order;
    for (const listener of this.listeners) listener();
    await this.memory.update(FILTER, filter);
    await this.memory.update(ORDER, order);
  }

  onDidChange(listener: () => void): { dispose(): void } {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }
}

const FILTER = "salsa.filter";
const ORDER = "salsa.order";

/** Parses the stored filter, which an earlier version may have written in another format. */
function readFilter(kept: unknown): RunFilter {
  if (typeof kept !== "object" || kept === null) return NO_FILTER;
  const { text, statuses, configs } = kept as Partial<Record<keyof RunFilter, unknown>>;
  return {
    text: typeof text === "string" ? text : "",
    statuses: Array.isArray(statuses) ? STATUSES.filter((status) => statuses.includes(status)) : [],
    configs: Array.isArray(configs) ? configs.filter((one) => typeof one === "string") : [],
  };
}
