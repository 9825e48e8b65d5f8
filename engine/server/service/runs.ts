import { basename, dirname, resolve } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { Palette } from "../../protocol/palette.ts";
import type { RunSummary, ServiceNotifications } from "../../protocol/service.ts";
import { isTemporary } from "../../storage/disk.ts";
import { RUN_FILE } from "../../storage/formats/runDescription.ts";
import { knownPalettes } from "../../storage/palette.ts";
import { placeBelow } from "../../storage/places.ts";
import { type DatedFolder, foldersWith } from "../../storage/reading.ts";
import type { EditorAnswerer } from "../client.ts";
import { NoRuns } from "./noRuns.ts";
import { RootWatch } from "./rootWatch.ts";
import { RunsNotifier } from "./runsNotifier.ts";
import { rootOf } from "../../pipeline/outcome/summary.ts";
import { TrackedRun, type TrackedRunSettings } from "./trackedRun.ts";

/** Runs whose curves stay in memory though no client watches them: the most recently requested ones. */
const MOST_KEPT = 4;
/** Runs that are read at a time when a root is new. */
const AT_ONCE = 4;

/** Settings of the registry. */
export interface RunsSettings extends Pick<TrackedRunSettings, "client" | "log"> {
  /** Answers calls of the editor's models by a run; undefined where nobody does. */
  readonly answering?: (folder: string) => EditorAnswerer | undefined;
  /** Resolves when the other side has taken the news in. */
  readonly send: (news: ServiceNotifications["runs"]) => Promise<void>;
}

/**
 * Every run below the roots, found, kept up, and reported as runs come, change and go.
 *
 * Memory holds every run without its curves (some 20 kB for a recipe of fifty stages), and with curves, some 50 bytes a
 * recorded value: runs at work, watched runs, and the 4 that were requested last.
 */
export class Runs {
  private readonly settings: RunsSettings;
  private readonly notifier: RunsNotifier;
  private readonly watch: RootWatch;
  private readonly tracked = new Map<string, TrackedRun>();
  /** Roots that runs were started in from here, also when no client names them. */
  private readonly ownRoots = new Set<string>();
  private readonly recent = new Set<TrackedRun>();
  private readonly noRuns = new Map<string, NoRuns>();
  /** The last complaint about a root or a run, which is logged once. */
  private readonly complaints = new Map<string, string>();
  private givenRoots: readonly string[] = [];

  constructor(settings: RunsSettings) {
    this.settings = settings;
    this.notifier = new RunsNotifier(settings.send);
    this.watch = new RootWatch(() => this.scan());
  }

  private get roots(): ReadonlySet<string> {
    return new Set([...this.givenRoots, ...this.ownRoots]);
  }

  /** Looks for runs in these folders `.salsa`, which need not exist. */
  setRoots(roots: readonly string[]): void {
    const listed = [...this.tracked.values()].filter((run) => this.isListed(run));
    this.givenRoots = roots.map((root) => resolve(root));
    for (const run of listed) if (!this.isListed(run)) this.notifier.remove(run);
    for (const run of this.tracked.values()) if (run.isRead && this.isListed(run)) this.notifier.change(run);
    this.watch.setRoots([...this.roots]);
  }

  /** Looks for runs in one more folder, whatever roots are set. */
  addRoot(root: string): void {
    this.ownRoots.add(resolve(root));
    this.watch.setRoots([...this.roots]);
  }

  /** Every run of the roots, newest first, once these have been looked at. */
  async list(): Promise<readonly RunSummary[]> {
    await this.watch.looked();
    return this.listed()
      .map((run) => run.summary())
      .sort((a, b) => b.createdAt - a.createdAt);
  }

  /** Every run that is known and read so far, if only in short. */
  listed(): readonly TrackedRun[] {
    return [...this.tracked.values()].filter((run) => run.isRead && this.isListed(run));
  }

  /** Those of them that `isWanted` names, read in full. */
  async inFull(isWanted: (run: TrackedRun) => boolean): Promise<readonly TrackedRun[]> {
    const brief = this.listed().filter((run) => !run.isReadInFull && isWanted(run));
    await this.each(brief, async (run) => {
      if (!(await this.refreshed(run, () => run.refresh()))) this.remove(run);
    });
    return this.listed().filter((run) => run.isReadInFull && isWanted(run));
  }

  /**
   * A run by its folder, as it is now; it need not lie below a root.
   * @throws {DataError} when there is no run.
   */
  async get(folder: string): Promise<TrackedRun> {
    const run = this.track(resolve(folder));
    if (await run.refresh()) return run;
    this.remove(run);
    throw new DataError("there is no run here", { file: folder, remedy: "it was removed: look at the runs there are" });
  }

  /** Looks of the models in all runs of the roots, and of one more: the same whichever of them are looked at. */
  async palette(root?: string): Promise<Palette> {
    const listed = [...this.roots].sort();
    return knownPalettes(root === undefined || this.roots.has(root) ? listed : [...listed, root]);
  }

  /** Marks a run's curves as just used: they stay, and those that were used longest ago go. */
  used(run: TrackedRun): void {
    this.recent.delete(run);
    this.recent.add(run);
    for (const old of this.recent) {
      if (this.recent.size <= MOST_KEPT) return;
      this.recent.delete(old);
      old.forget();
    }
  }

  /** Every run of a root, each read. @throws {DiskError} when the root cannot be listed. */
  async allOf(root: string): Promise<readonly TrackedRun[]> {
    const all: TrackedRun[] = [];
    for (const { folder } of await runFolders(root)) {
      const run = this.track(folder);
      if (await run.refresh()) all.push(run);
      else this.remove(run);
    }
    return all;
  }

  /** Offers to all runs at work to answer their calls of the editor's models. */
  async offerModels(): Promise<void> {
    await Promise.all([...this.tracked.values()].map((run) => run.offerModels()));
  }

  /** Drops a run that is gone, or that nobody lists or watches any longer. */
  remove(run: TrackedRun): void {
    this.recent.delete(run);
    this.complaints.delete(run.folder);
    run.close();
    if (this.tracked.delete(run.folder) && run.isRead && this.isListed(run)) this.notifier.remove(run);
  }

  close(): void {
    this.watch.close();
    this.notifier.close();
    for (const run of this.tracked.values()) run.close();
  }

  private isListed({ root }: TrackedRun): boolean {
    return this.roots.has(root);
  }

  private track(folder: string): TrackedRun {
    const known = this.tracked.get(folder);
    if (known !== undefined) return known;
    const { client, log, answering } = this.settings;
    const changed = (run: TrackedRun): void => {
      if (this.tracked.get(folder) === run && this.isListed(run)) this.notifier.change(run);
    };
    const run = new TrackedRun(folder, { client, log, changed, answering: () => answering?.(folder) });
    this.tracked.set(folder, run);
    return run;
  }

  private async scan(): Promise<void> {
    const present = new Set<string>();
    const found: DatedFolder[] = [];
    for (const root of this.roots) {
      try {
        const noRuns = this.noRuns.get(root) ?? new NoRuns();
        this.noRuns.set(root, noRuns);
        for (const dated of await runFolders(root, noRuns)) {
          present.add(dated.folder);
          if (!this.tracked.has(dated.folder)) found.push(dated);
        }
        this.complaints.delete(root);
      } catch (error) {
        this.complain(root, error);
      }
    }
    for (const run of this.tracked.values()) {
      const isGone = this.isListed(run) ? !present.has(run.folder) : !run.isWatched;
      if (isGone || !(await this.refreshed(run))) this.remove(run);
    }
    await this.readNew(found.sort((a, b) => b.time - a.time).map(({ folder }) => folder));
  }

  private async readNew(folders: readonly string[]): Promise<void> {
    await this.each(folders, async (folder) => {
      if (this.tracked.has(folder) || !this.roots.has(rootOf(folder))) return;
      const run = this.track(folder);
      if (!(await this.refreshed(run))) this.remove(run);
    });
  }

  private async each<T>(all: readonly T[], take: (one: T) => Promise<void>): Promise<void> {
    const waiting = all.values();
    const work = async (): Promise<void> => {
      for (const one of waiting) await take(one);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** A run that cannot be looked at just now stays in the list. */
  private async refreshed(run: TrackedRun, look = (): Promise<boolean> => run.glance()): Promise<boolean> {
    try {
      const isThere = await look();
      this.complaints.delete(run.folder);
      return isThere;
    } catch (error) {
      this.complain(run.folder, error);
      return true;
    }
  }

  private complain(about: string, error: unknown): void {
    const message = `${about}: ${error instanceof Error ? error.message : String(error)}`;
    if (this.complaints.get(about) !== message) this.settings.log(message);
    this.complaints.set(about, message);
  }
}

/** Folders below `<root>/runs` that hold a run. @param noRuns - Spares looks into others. */
async function runFolders(root: string, noRuns?: NoRuns): Promise<readonly DatedFolder[]> {
  const now = Date.now();
  const names: string[] = [];
  const isWanted = (name: string): boolean => {
    if (isTemporary(name)) return false;
    names.push(name);
    return noRuns?.isDue(name, now) ?? true;
  };
  const found = await foldersWith(placeBelow(root, "runs"), RUN_FILE, isWanted);
  const runs = new Set(found.map(({ folder }) => basename(folder)));
  const empty = names.filter((name) => !runs.has(name));
  noRuns?.note(empty, now);
  return found;
}

/** True if a folder lies where runs lie: `<root>/runs/<id>`. */
export function isRunPlace(folder: string): boolean {
  return basename(dirname(folder)) === "runs" && basename(folder) !== "";
}
