import { DASHBOARD_VIEWS, type DashboardFocus } from "../engine/protocol/dashboard.ts";
import type { RunOutline, RunSummary, SeriesKey } from "../engine/protocol/service.ts";
import { FollowedRun } from "./followed.ts";
import type { Host, HostMessage } from "./host.ts";
import { setStrings } from "./localize.ts";
import { METRIC_FILTERS } from "./plots/metricFilter.ts";
import type { Curve, DashboardModel, SettingValue, Widened } from "./model.ts";

/** Does something before the next frame is drawn; `requestAnimationFrame` in a page. */
export type NextFrame = (task: () => void) => void;

/** Kept by `setState`: the focus as the extension knows it, and the settings of each view. */
interface Kept extends DashboardFocus {
  readonly settings: Readonly<Record<string, SettingValue>>;
}

/** Setting under which the times of the runs in focus are kept. */
const MADE = "runs.made";

/** The dashboard's state: runs, focus, and the curves that a view has requested. */
export class DashboardState implements DashboardModel {
  readonly host: Host;
  readonly runs = new Map<string, RunSummary>();
  focus: DashboardFocus = { view: "pipeline", runs: [] };
  readonly removed = new Set<string>();
  problem: string | null = null;
  isReady = false;
  private readonly nextFrame: NextFrame;
  private readonly settings: Record<string, SettingValue>;
  private readonly followed = new Map<string, FollowedRun>();
  private readonly failed = new Map<string, string>();
  /** When the runs in focus were made, by folder: a later run in its place is another one. */
  private readonly made = new Map<string, number>();
  private readonly subscribers = new Set<() => void>();
  private isFrameDue = false;
  private hasChanged = false;

  constructor(host: Host, nextFrame: NextFrame) {
    this.host = host;
    this.nextFrame = nextFrame;
    this.settings = { ...settingsIn(host.getState()) };
    for (const entry of this.setting(MADE, [])) {
      const [, time = "", folder = ""] = /^(\d+) (.*)$/s.exec(entry) ?? [];
      this.made.set(folder, Number(time));
    }
    host.listen((message) => this.hear(message));
    host.tell({ kind: "ready" });
  }

  outline(folder: string): RunOutline | undefined {
    return this.followed.get(folder)?.outline();
  }

  followProblem(folder: string): string | undefined {
    return this.failed.get(folder);
  }

  retry(folder: string): void {
    const run = this.followed.get(folder);
    if (run !== undefined) this.ask(run);
  }

  curve(folder: string, key: SeriesKey): Curve | undefined {
    const run = this.followed.get(folder);
    const curve = run?.curve(key);
    if (run?.wants === true) this.dueFrame();
    return curve;
  }

  show(focus: Partial<DashboardFocus>): void {
    this.accept(focus.runs ?? []);
    this.setFocus({ ...this.focus, ...focus });
    this.host.tell({ kind: "focus", focus: this.focus });
  }

  setting<T extends SettingValue>(name: string, otherwise: T): Widened<T> {
    const value = this.settings[name];
    // An older version may have stored a value of another type.
    const isOfItsKind = typeof value === typeof otherwise && Array.isArray(value) === Array.isArray(otherwise);
    return (isOfItsKind ? value : otherwise) as Widened<T>;
  }

  set(name: string, value: SettingValue): void {
    this.settings[name] = value;
    this.keep();
    this.change();
  }

  subscribe(listener: () => void): () => void {
    this.subscribers.add(listener);
    return () => this.subscribers.delete(listener);
  }

  private hear(message: HostMessage): void {
    switch (message.kind) {
      case "init":
        setStrings(message.strings);
        for (const run of message.runs) {
          this.runs.set(run.folder, run);
          // While the page was hidden or the window closed, a run may have come in the place of another.
          if (message.focus.runs.includes(run.folder) && this.isAnother(run)) this.removed.add(run.folder);
        }
        this.isReady = true;
        this.setFocus(message.focus);
        return;
      case "show":
        this.accept(message.focus.runs);
        if (message.stages !== undefined) {
          METRIC_FILTERS.set(this, message.focus.runs[0] ?? "", { stages: message.stages, search: "", hidden: [] });
        }
        this.setFocus(message.focus);
        this.host.tell({ kind: "focus", focus: this.focus });
        return;
      case "runs":
        this.takeRuns(message);
        return;
      case "runEvents":
        this.followed.get(message.folder)?.take(message.events);
        this.change();
        return;
      case "runReset":
        this.followed.get(message.outline.folder)?.reset(message.outline);
        this.change();
        return;
      case "service":
        this.problem = message.problem;
        if (message.problem === null) this.followAgain();
        this.change();
        return;
      case "exportPlot":
        return;
    }
  }

  /** Applies run changes. A removed run stays in focus, so that its view says so, until the user chooses another. */
  private takeRuns({ changed, removed }: Extract<HostMessage, { kind: "runs" }>): void {
    for (const run of changed) {
      const { folder } = run;
      this.runs.set(folder, run);
      if (this.isAnother(run)) this.removed.add(folder);
      else if (this.removed.delete(folder)) this.askAgain(folder);
    }
    for (const folder of removed) {
      this.runs.delete(folder);
      if (this.focus.runs.includes(folder)) this.removed.add(folder);
    }
    this.setFocus(this.focus);
  }

  /** True if a run that was in focus is gone, and this one has its folder now. */
  private isAnother({ folder, createdAt }: RunSummary): boolean {
    return (this.made.get(folder) ?? createdAt) !== createdAt;
  }

  /** The user has chosen runs: whatever is in their folders now is meant. */
  private accept(folders: readonly string[]): void {
    for (const folder of folders) {
      if (!this.runs.has(folder) || !this.removed.delete(folder)) continue;
      this.made.delete(folder);
      this.askAgain(folder);
    }
  }

  private askAgain(folder: string): void {
    const followed = this.followed.get(folder);
    if (followed !== undefined) this.ask(followed);
  }

  /** Something is always in focus once there are runs: the newest, if nothing else is. */
  private setFocus({ view, runs, place }: DashboardFocus): void {
    const newest = [...this.runs.values()].sort((a, b) => b.createdAt - a.createdAt)[0];
    const shown = runs.length > 0 || newest === undefined ? [...new Set(runs)] : [newest.folder];
    this.focus = {
      view: DASHBOARD_VIEWS.includes(view) ? view : "pipeline",
      runs: shown,
      ...(place !== undefined && { place }),
    };
    for (const folder of this.removed) if (!shown.includes(folder)) this.removed.delete(folder);
    for (const folder of this.made.keys()) if (!shown.includes(folder)) this.made.delete(folder);
    for (const folder of shown) {
      const run = this.runs.get(folder);
      // The time is that of the run's first word, once there is one.
      if (run?.updatedAt !== undefined && !this.made.has(folder)) this.made.set(folder, run.createdAt);
    }
    this.settings[MADE] = Array.from(this.made, ([folder, time]) => `${time} ${folder}`);
    this.follow();
    this.keep();
    this.change();
  }

  private follow(): void {
    for (const folder of this.followed.keys()) {
      if (this.focus.runs.includes(folder)) continue;
      this.followed.delete(folder);
      this.failed.delete(folder);
      // A run that was removed cannot be unfollowed, and need not be.
      this.host.request("unfollow", { folder }).catch(() => undefined);
    }
    for (const folder of this.focus.runs) {
      if (!this.followed.has(folder)) this.followOne(folder);
    }
  }

  private followOne(folder: string): void {
    const run = new FollowedRun(folder);
    this.followed.set(folder, run);
    this.ask(run);
  }

  private ask(run: FollowedRun): void {
    const { folder } = run;
    this.host.request("follow", { folder }).then(
      (outline) => {
        if (this.followed.get(folder) !== run) return;
        this.failed.delete(folder);
        run.reset(outline);
        this.change();
      },
      (error: unknown) => {
        if (this.followed.get(folder) !== run) return;
        this.failed.set(folder, messageOf(error));
        this.change();
      },
    );
  }

  /** Follows all runs again after a restart of the service. The old content stays visible until its outlines arrive. */
  private followAgain(): void {
    for (const run of this.followed.values()) this.ask(run);
  }

  /** Requests all curves that were wanted in this frame, together. */
  private fetch(): void {
    for (const run of this.followed.values()) {
      if (!run.wants) continue;
      const { folder } = run;
      const { generation, portions } = run.ask();
      for (const keys of portions) {
        this.host.request("series", { folder, keys }).then(
          ({ nextSequence, ...packed }) => {
            run.receive(generation, packed, nextSequence);
            run.refuse(generation, keys);
            this.change();
          },
          (error: unknown) => {
            run.refuse(generation, keys);
            this.failed.set(folder, messageOf(error));
            this.change();
          },
        );
      }
    }
  }

  private keep(): void {
    const kept: Kept = { ...this.focus, settings: this.settings };
    this.host.setState(kept);
  }

  private change(): void {
    this.hasChanged = true;
    this.dueFrame();
  }

  private dueFrame(): void {
    if (this.isFrameDue) return;
    this.isFrameDue = true;
    this.nextFrame(() => {
      this.isFrameDue = false;
      this.fetch();
      if (!this.hasChanged) return;
      this.hasChanged = false;
      for (const listener of [...this.subscribers]) listener();
    });
  }
}

function settingsIn(state: unknown): Readonly<Record<string, SettingValue>> {
  const kept = state as Partial<Kept> | null | undefined;
  return typeof kept === "object" && typeof kept?.settings === "object" ? kept.settings : {};
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
