import type { RunOutline } from "../../engine/protocol/service.ts";
import type { Pages, PageSource } from "../parts/pages.ts";

/** Milliseconds between checks of an active run, which keeps samples only every few steps. */
const PAUSE = 3000;

/**
 * Looks for rows that a run adds while it is watched.
 *
 * In the order of recording they are appended, and the rows in view are updated in place; in other orders they would
 * appear between the rows in view, so they wait until the reader asks for them.
 */
export class NewRows {
  private readonly source: PageSource;
  private readonly pages: Pages;
  private readonly changed: () => void;
  private sequence: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private firstNew: number | undefined;
  private isStopped = false;
  readonly isAppending: boolean;
  /** Rows that came since the reader last went to the new ones. */
  count = 0;

  constructor(source: PageSource, pages: Pages, isAppending: boolean, changed: () => void) {
    this.source = source;
    this.pages = pages;
    this.isAppending = isAppending;
    this.changed = changed;
  }

  /** Takes note of the run's outline; if that has moved on, it looks for rows within seconds. */
  notice({ nextSequence, status }: Pick<RunOutline, "nextSequence" | "status">): void {
    const isFirst = this.sequence === undefined;
    if (this.sequence === nextSequence) return;
    this.sequence = nextSequence;
    if (isFirst || this.isStopped || this.timer !== undefined) return;
    // The last rows of a run come with its end: they are looked for, too, but only once.
    this.timer = setTimeout(() => void this.look(), status === "running" ? PAUSE : 0);
  }

  /** Index of the first new row; they are not new any more. */
  take(): number {
    const first = this.firstNew ?? 0;
    this.firstNew = undefined;
    this.count = 0;
    return first;
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    const before = this.pages.head?.total;
    // A failure shows when rows are read; the next event looks again.
    const page = await this.source({ offset: 0, limit: 1 }).catch(() => undefined);
    this.timer = undefined;
    if (page === undefined || before === undefined || this.isStopped) return;
    const nNew = page.total - before;
    if (nNew > 0) this.firstNew ??= before;
    this.count = this.isAppending ? this.count + Math.max(0, nNew) : Math.max(0, nNew);
    if (this.isAppending) this.pages.refresh(page.total);
    this.changed();
  }
}
