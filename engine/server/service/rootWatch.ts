import { type FSWatcher, watch } from "node:fs";
import { entryAt, placeBelow } from "../../storage/places.ts";

/** Milliseconds between looks where the system does not report changes, such as on network disks. */
const INTERVAL = 1500;
/** Milliseconds for changes to gather before a look. */
const DELAY = 100;

/** A folder whose changes the system reports, and which one it was. */
interface Watched {
  readonly watcher: FSWatcher;
  readonly identity: number;
}

/**
 * Triggers scans of folders of runs: soon after a run came or went where the system reports it, and at intervals in any
 * case. Folders need not exist.
 */
export class RootWatch {
  private readonly look: () => Promise<void>;
  private readonly watched = new Map<string, Watched>();
  private roots: readonly string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private dueAt = Infinity;
  private isLooking = false;
  private isAskedAgain = false;
  private isClosed = false;
  /** True from a change of roots until a look at all of them begins. */
  private isDue = false;
  private readonly waiting: (() => void)[] = [];

  /** @param look - Never called twice at a time. */
  constructor(look: () => Promise<void>) {
    this.look = look;
  }

  /** Watches these roots, and no others, and looks at once. */
  setRoots(roots: readonly string[]): void {
    this.roots = roots;
    this.isDue = true;
    this.schedule(0);
  }

  /** Resolves once the roots have been looked at as they were set last. */
  looked(): Promise<void> {
    if (this.isClosed || !(this.isDue || this.isLooking)) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    for (const { watcher } of this.watched.values()) watcher.close();
    this.watched.clear();
    this.answer();
  }

  /** Roots that were set during a look have not been looked at. */
  private answer(): void {
    if (this.isDue && !this.isClosed) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private schedule(milliseconds: number): void {
    if (this.isClosed) return;
    if (this.isLooking) {
      this.isAskedAgain = true;
      return;
    }
    const at = Date.now() + milliseconds;
    if (this.timer !== undefined && this.dueAt <= at) return;
    clearTimeout(this.timer);
    this.dueAt = at;
    this.timer = setTimeout(() => void this.run(), milliseconds);
  }

  private async run(): Promise<void> {
    this.timer = undefined;
    this.isLooking = true;
    this.isAskedAgain = false;
    this.isDue = false;
    try {
      await this.watchFolders();
      await this.look();
    } finally {
      this.isLooking = false;
      this.answer();
      this.schedule(this.nextDelay());
    }
  }

  private nextDelay(): number {
    if (this.isDue) return 0;
    return this.isAskedAgain ? DELAY : INTERVAL;
  }

  /** The system follows a folder, not its name: one that was made again is watched again. */
  private async watchFolders(): Promise<void> {
    const places = this.roots.flatMap((root) => [placeBelow(root, ""), placeBelow(root, "runs")]);
    const wanted = new Map(places.map((place) => [place.file, place]));
    for (const [folder, { watcher }] of this.watched) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.watched.delete(folder);
    }
    for (const [folder, place] of wanted) {
      const entry = await entryAt(place).catch(() => undefined);
      const identity = entry?.isDirectory() === true ? entry.ino : undefined; // a link is not watched
      const known = this.watched.get(folder);
      if (this.isClosed || identity === known?.identity) continue;
      known?.watcher.close();
      this.watched.delete(folder);
      const watcher = identity === undefined ? undefined : this.tryWatch(folder);
      if (watcher !== undefined && identity !== undefined) this.watched.set(folder, { watcher, identity });
    }
  }

  private tryWatch(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.schedule(DELAY));
      watcher.on("error", () => {
        watcher.close();
        this.watched.delete(folder);
      });
      return watcher;
    } catch {
      return undefined; // too many watchers, or a system without any: looking every so often does
    }
  }
}
