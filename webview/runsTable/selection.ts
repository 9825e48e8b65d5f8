import { Debounce } from "../parts/debounce.ts";
import type { RunRows } from "./rows.ts";

/** Milliseconds after the last change of the selection before the dashboard follows. */
const SELECTING = 150;
/** Runs that the dashboard follows at most: it can tell so many curves apart. */
export const MOST_FOLLOWED = 30;

/** The rows that somebody has selected, and the dashboard that shows them while one is open. */
export class RowSelection {
  /** Of rows. */
  keys: ReadonlySet<string> = new Set();
  /** Folders of the runs that the dashboard shows; undefined while none is open. */
  inDashboard: ReadonlySet<string> | undefined;
  /** Undefined until somebody chooses. */
  followsSelection: boolean | undefined;
  private readonly rows: RunRows;
  /** Has the dashboard show runs. */
  private readonly follow: (folders: readonly string[]) => void;
  private readonly selecting = new Debounce(SELECTING);

  constructor(rows: RunRows, follow: (folders: readonly string[]) => void) {
    this.rows = rows;
    this.follow = follow;
  }

  select(keys: Iterable<string>): void {
    this.keys = new Set(keys);
    this.selecting.run(() => this.lead());
  }

  get isFollowed(): boolean {
    return this.followsSelection ?? this.inDashboard !== undefined;
  }

  toggleFollowing(): void {
    this.followsSelection = !this.isFollowed;
    this.selecting.cancel();
    this.lead();
  }

  /** Lets an open dashboard show the selected runs; with none selected it stays as it is. */
  private lead(): void {
    const { inDashboard } = this;
    const folders = this.folders();
    if (!this.isFollowed || inDashboard === undefined || folders.length === 0 || folders.length > MOST_FOLLOWED) return;
    if (folders.join("\0") !== [...inDashboard].join("\0")) this.follow(folders);
  }

  /** The run that was selected first comes first: it is the one that views of a single run show. */
  private folders(): readonly string[] {
    const folders = new Map(this.rows.rows.map(({ key, folder }) => [key, folder]));
    return [...new Set([...this.keys].flatMap((key) => folders.get(key) ?? []))];
  }
}
