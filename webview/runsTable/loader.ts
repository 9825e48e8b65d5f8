import { wordsOf } from "../parts/latestRequest.ts";
import type { RunsTableHost } from "./host.ts";
import type { RunRows } from "./rows.ts";

/** Milliseconds between two requests for rows that have changed: a run at work changes some times a second. */
const INTERVAL = 1000;

/** Milliseconds after which a workspace that reported no run has none: the service may be at looking for them. */
const SEARCHING = 2000;

/** Fetches rows: all of them at first, then those of runs that change, one request at a time. */
export class RowLoader {
  private readonly host: RunsTableHost;
  private readonly rows: RunRows;
  private readonly changed: () => void;
  private readonly pending = new Set<string>();
  private timer: number | undefined;
  private isAsking = false;
  /** True once all rows have come that there were at first. */
  isLoaded = false;
  /** True once it is known that there are no runs, where there are none. */
  isSearched = false;
  /** Why there are no rows. */
  problem: string | undefined;

  constructor(host: RunsTableHost, rows: RunRows, changed: () => void) {
    this.host = host;
    this.rows = rows;
    this.changed = changed;
  }

  /** Asks for everything. */
  async load(): Promise<void> {
    this.problem = undefined;
    this.pending.clear();
    this.isAsking = true;
    try {
      const rows = await this.host.request("tableRows", {});
      this.rows.clear();
      this.rows.take(rows);
      this.isLoaded = true;
      window.setTimeout(() => {
        this.isSearched = true;
        this.changed();
      }, SEARCHING);
    } catch (error) {
      this.problem = wordsOf(error);
    }
    this.isAsking = false;
    this.changed();
    this.schedule();
  }

  /** Runs have changed, or are gone. */
  news(changed: readonly string[], removed: readonly string[]): void {
    for (const folder of changed) this.pending.add(folder);
    for (const folder of removed) this.pending.delete(folder);
    if (removed.length > 0) {
      this.rows.remove(removed);
      this.changed();
    }
    this.schedule();
  }

  private schedule(): void {
    if (this.isAsking || this.pending.size === 0 || !this.isLoaded) return;
    this.timer ??= window.setTimeout(() => void this.update(), INTERVAL);
  }

  private async update(): Promise<void> {
    this.timer = undefined;
    const folders = [...this.pending];
    this.pending.clear();
    this.isAsking = true;
    try {
      this.rows.take(await this.host.request("tableRows", { folders }));
      this.changed();
    } catch {
      for (const folder of folders) this.pending.add(folder); // with the next news, or when the service is back
    }
    this.isAsking = false;
    if (this.pending.size > 0 && this.problem === undefined) this.schedule();
  }
}
