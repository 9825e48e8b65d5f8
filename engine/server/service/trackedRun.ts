import { basename } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import { type RunState, type RunStatus, withoutOwner } from "../../protocol/runState.ts";
import type { RunResultLine, RunSummary } from "../../protocol/service.ts";
import { type LockOwner, isSameOwner } from "../../storage/locks.ts";
import { isLocked, runOwner } from "../../storage/runFolder.ts";
import { type LastValues, RunLog, endsOf } from "../../storage/runLog.ts";
import { NotRunningError, VersionMismatchError } from "../errors.ts";
import type { EditorAnswerer } from "../client.ts";
import type { RunListener } from "../follow.ts";
import { type LiveRun, attachedRun, polledRun } from "./liveRun.ts";
import { type DescribedRun, type ListedRunFacts, readRunFacts, stampOf } from "./runFacts.ts";
import { rootOf, summaryOf } from "../../pipeline/outcome/summary.ts";
import { NO_FACTS, type RunsTableFacts, tableFacts, withRates } from "./tableFacts.ts";
import { readSummary } from "../../pipeline/outcome/summaryFile.ts";
import { runResult, winRateRows } from "../../pipeline/outcome/resultLine.ts";

/** Milliseconds before a process that did not answer is asked again. */
const REASK_AFTER_MS = 10_000;

/** Settings of a tracked run. */
export interface TrackedRunSettings {
  /** Name of this client towards engines: "vscode 0.1.0". */
  readonly client: () => string;
  /** The summary may have changed. */
  readonly changed: (run: TrackedRun) => void;
  /** Answers its calls of the editor's models; undefined where nobody does. */
  readonly answering?: () => EditorAnswerer | undefined;
  readonly log: (message: string) => void;
}

/** Hears how a run goes, as a listener of `followRun`. */
export type RunWatcher = Pick<RunListener, "reset" | "events">;

/**
 * A run as the service knows it: by its folder, and while a process works on it, by that one's events.
 *
 * Without curves a run takes kilobytes. Curves are in memory while the run is at work or watched, and else until
 * `forget` is called.
 */
export class TrackedRun {
  readonly folder: string;
  readonly root: string;
  private readonly settings: TrackedRunSettings;
  private readonly watchers = new Set<RunWatcher>();
  private log: RunLog;
  private facts: ListedRunFacts | undefined;
  /** The summary that the run left when it ended, where nothing else has been read of it. */
  private left: RunSummary | undefined;
  private result: RunResultLine | undefined;
  private tableFacts = NO_FACTS;
  /** Events that the run had written when its result was last read. */
  private resultAt = 0;
  private readProblem: string | undefined;
  private lockProblem: string | undefined;
  private mismatch: string | undefined;
  private owner: LockOwner | undefined;
  /** True if there was no owner when the log was last read to its end: no event will close what it leaves open. */
  private isLeft = false;
  /** Fingerprint of the folder when it was last read. */
  private stamp = "";
  private live: LiveRun | undefined;
  /** A state with curves that is not kept up by itself. */
  private kept: RunState | undefined;
  /** The status that watchers know of. */
  private told: RunStatus | undefined;
  /** A failure that an engine reported and could not write, on a full disk. */
  private unwritten: RunState["failure"];
  private retryAt = 0;
  private hasRead = false;
  private isAttaching = false;
  private isClosed = false;
  private refreshing: Promise<boolean> | undefined;
  private reading: Promise<void> | undefined;

  constructor(folder: string, settings: TrackedRunSettings) {
    this.folder = folder;
    this.root = rootOf(folder);
    this.settings = settings;
    this.log = new RunLog(folder, { hasCurves: false });
  }

  get id(): string {
    return basename(this.folder);
  }

  /** True while a process is known to work on it. */
  get isAtWork(): boolean {
    return this.owner !== undefined || this.live !== undefined;
  }

  /** True once its folder has been read to the end. */
  get isRead(): boolean {
    return this.hasRead;
  }

  get isWatched(): boolean {
    return this.watchers.size > 0;
  }

  /** The content of run.json, read again. @throws {DataError} when the run is gone. */
  async described(): Promise<DescribedRun> {
    const described = await readRunFacts(this.folder);
    if (described !== undefined) return described;
    throw new DataError("there is no run here", { file: this.folder, remedy: "it was removed" });
  }

  /** True if all of its folder has been read, not only its summary. */
  get isReadInFull(): boolean {
    return this.hasRead && this.left === undefined;
  }

  /** Its state as last known, with or without curves; empty unless it was read in full. */
  get brief(): RunState {
    return this.standing(this.latest());
  }

  /** Its settings and win rates, for the runs table. */
  get table(): RunsTableFacts {
    return this.tableFacts;
  }

  /** The last value of each metric of a stage; undefined where it has recorded none. */
  lastValues(stage: string): LastValues | undefined {
    const known = this.live === undefined && this.kept === undefined ? this.log.lastValues.get(stage) : undefined;
    const { metrics } = this.latest();
    return known ?? (Object.hasOwn(metrics, stage) ? endsOf(metrics[stage]) : undefined);
  }

  /** Keys of the artifacts that its stages made, took or work at. */
  keys(): ReadonlySet<string> {
    return new Set([...this.log.keys(), ...this.brief.stages.map(({ key }) => key)]);
  }

  /**
   * Resolves when a summary has all that was heard: the time of the run's first word, which stands in its log alone, and of
   * a run that has ended its result, whose files are there before it says so.
   */
  async settled(): Promise<void> {
    if (this.left !== undefined) return;
    const { status, nextSequence } = this.brief;
    const hasEnded = status !== "queued" && status !== "running" && nextSequence > this.resultAt;
    try {
      if (this.live !== undefined && this.log.firstTime === undefined) await this.log.update();
      if (!hasEnded) return;
      await this.readResult(await readRunFacts(this.folder));
      this.resultAt = nextSequence;
    } catch {
      return; // becomes the run's problem when its folder is read
    }
  }

  summary(): RunSummary {
    const { folder, facts, result } = this;
    if (this.left !== undefined) return this.left;
    if (facts === undefined) throw new TypeError(`${folder}: asked before it was read`);
    const problem = facts.problem ?? this.readProblem ?? this.lockProblem ?? this.mismatch ?? this.log.problem;
    const createdAt = this.log.firstTime ?? facts.writtenAt;
    const { updatedAt, ...unheard } = this.brief;
    // Until its first word is on disk, it is not known when the run was made: nobody may take that time for it.
    const isDated = updatedAt === undefined || this.log.firstTime !== undefined;
    return summaryOf({ folder, facts, state: isDated ? this.brief : unheard, createdAt, result, problem });
  }

  /** Looks for changes, and attaches to the process that works on the run. @returns True if there is a run. */
  async refresh(): Promise<boolean> {
    const isThere = await this.lookOnce("in full");
    return isThere && this.left !== undefined ? this.refresh() : isThere; // somebody glanced at it just then
  }

  /** The same for those who need its summary alone: of a run that left one nothing else is read. */
  glance(): Promise<boolean> {
    return this.lookOnce("in short");
  }

  private lookOnce(how: "in full" | "in short"): Promise<boolean> {
    this.refreshing ??= this.look(how).finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  /** The state with curves. It may go on changing. @throws {DiskError} */
  async state(): Promise<RunState> {
    if (this.live === undefined && this.kept === undefined) {
      this.reading ??= this.readAll().finally(() => (this.reading = undefined));
      await this.reading;
    }
    return this.standing(this.latest());
  }

  /** Reports how the run goes from now on. @returns A function that ends that. */
  watch(watcher: RunWatcher): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  /** Offers to answer its calls of the editor's models, if somebody does and its engine can be reached. */
  async offerModels(): Promise<void> {
    const answer = this.settings.answering?.();
    if (answer === undefined) return;
    try {
      await this.live?.offerModels?.(answer);
    } catch (error) {
      // An engine of an earlier version knows no such models.
      this.settings.log(`${this.folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Lets go of curves that can be read again. */
  forget(): void {
    if (!this.isWatched) this.kept = undefined;
  }

  close(): void {
    this.isClosed = true;
    this.live?.close();
    this.live = undefined;
    this.watchers.clear();
  }

  private async look(how: "in full" | "in short"): Promise<boolean> {
    const stamp = await stampOf(this.folder);
    if (stamp === undefined) return false;
    const isEnough = how === "in short" || this.left === undefined;
    // Taking a run's lock changes its folder.
    if (stamp === this.stamp && isEnough && this.owner === undefined && this.live === undefined) return true;
    if (how === "in short" && !this.isAtWork && !this.isWatched && (await this.takeSummary(stamp))) return true;
    const owner = await this.ownerNow();
    const isOther = !isSameOwner(owner, this.owner);
    const isNews = stamp !== this.stamp || isOther || this.left !== undefined;
    if (isOther) this.retryAt = 0;
    this.owner = owner;
    if (owner !== undefined) this.isLeft = false;
    if (isNews && this.live === undefined && !(await this.read(stamp, owner))) return false;
    if (owner !== undefined) this.goLive(owner);
    return true;
  }

  /** @returns False where there is none, or the folder is locked: somebody may be at it. */
  private async takeSummary(stamp: string): Promise<boolean> {
    if (this.isReadInFull || (await isLocked(this.folder))) return false;
    const summary = await readSummary(this.folder);
    if (summary === undefined) return false;
    this.left = summary;
    this.stamp = stamp;
    this.hasRead = true;
    this.settings.changed(this);
    return true;
  }

  /** A lock that cannot be read becomes the run's problem: nobody is known to hold it. */
  private async ownerNow(): Promise<LockOwner | undefined> {
    this.lockProblem = undefined;
    try {
      return await runOwner(this.folder);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.lockProblem = error.message;
      return undefined;
    }
  }

  /**
   * Reads the folder again. Anything wrong with it becomes the run's problem.
   *
   * @param stamp - Its fingerprint now.
   * @param owner - The process that held it before it is read: a process that ends meanwhile has written its last event by then.
   */
  private async read(stamp: string, owner: LockOwner | undefined): Promise<boolean> {
    this.readProblem = undefined;
    try {
      const described = await readRunFacts(this.folder);
      this.facts = described?.facts;
      if (described === undefined) return false;
      const { isRestarted } = await this.log.update();
      const { nextSequence } = this.log.state;
      if (isRestarted || (this.kept?.nextSequence ?? 0) < nextSequence) this.kept = undefined;
      await this.readResult(described);
      this.resultAt = nextSequence;
    } catch (error) {
      this.readProblem = error instanceof Error ? error.message : String(error);
      this.facts ??= { id: this.id, name: this.id, configFile: "", writtenAt: 0 };
    }
    this.stamp = stamp;
    this.isLeft = owner === undefined;
    this.left = undefined;
    this.hasRead = true;
    this.settings.changed(this);
    if (this.isWatched && (this.kept === undefined || this.told !== this.brief.status)) this.tellAll();
    return true;
  }

  private async readResult(described: DescribedRun | undefined): Promise<void> {
    const config = described?.description?.config;
    this.tableFacts = tableFacts(config); // shown also where the table of win rates is damaged
    const rates = (await winRateRows(this.folder)) ?? [];
    this.tableFacts = withRates(this.tableFacts, rates);
    const { stages } = this.brief;
    const lastValues = (stage: string): LastValues | undefined => this.lastValues(stage);
    this.result = await runResult({ root: this.root, config, stages, rates, lastValues });
  }

  /** Watchers read on from the state with curves, if it can be read. */
  private tellAll(): void {
    void this.state().then(
      (state) => this.tell((watcher) => watcher.reset(state)),
      (error: unknown) => this.settings.log(`${this.folder}: ${String(error)}`),
    );
  }

  private async readAll(): Promise<void> {
    const log = new RunLog(this.folder, { hasCurves: true });
    await log.update();
    this.kept = log.state;
  }

  /** The latest known state; with curves, unless nobody has asked for them. */
  private latest(): RunState {
    return this.live?.state() ?? this.kept ?? this.log.state;
  }

  /** A state as it stands with all else that is known: a log does not say that its writer is dead. */
  private standing(state: RunState): RunState {
    if (!this.isLeft || this.isAtWork) return state;
    const left = withoutOwner(state);
    if (left.status !== "lost" || this.unwritten === undefined) return left;
    return { ...left, status: "failed", failure: this.unwritten };
  }

  private goLive({ socket }: LockOwner): void {
    const isSettled = this.live?.kind === "attached" || (this.live !== undefined && socket === undefined);
    if (isSettled || this.isAttaching || this.isClosed || Date.now() < this.retryAt) return;
    this.isAttaching = true;
    void this.attach()
      .catch((error: unknown) => this.settings.log(`${this.folder}: cannot be followed: ${String(error)}`))
      .finally(() => (this.isAttaching = false));
  }

  /** By the socket, or where that cannot be, by the log; the socket is tried again later. */
  private async attach(): Promise<void> {
    let isReady = false;
    // Until the state can be asked for, events are only in it; watchers read on from there.
    const hear = (tell: (watcher: RunWatcher) => void): void => {
      if (isReady) this.heard(tell);
    };
    const next = await this.openLive({
      reset: (state) => hear((watcher) => watcher.reset(state)),
      events: (events) => hear((watcher) => watcher.events(events)),
      ended: (state) => this.ended(state),
    });
    if (next === undefined) return;
    if (this.isClosed) {
      next.close();
      return;
    }
    this.live?.close();
    this.live = next;
    this.unwritten = undefined;
    this.kept = undefined;
    isReady = true;
    void this.offerModels();
    this.heard((watcher) => watcher.reset(next.state()));
  }

  /** A live source of the run; undefined when the present one is as good. */
  private async openLive(listener: RunListener): Promise<LiveRun | undefined> {
    try {
      const attached = await attachedRun(this.folder, listener, this.settings.client());
      this.mismatch = undefined;
      return attached;
    } catch (error) {
      if (error instanceof NotRunningError) return undefined;
      this.mismatch = error instanceof VersionMismatchError ? error.message : undefined;
      this.retryAt = this.mismatch === undefined ? Date.now() + REASK_AFTER_MS : Infinity;
      return this.live === undefined ? polledRun(this.folder, listener) : undefined;
    }
  }

  private heard(tell: (watcher: RunWatcher) => void): void {
    this.tell(tell);
    this.settings.changed(this);
  }

  private tell(tell: (watcher: RunWatcher) => void): void {
    if (this.isClosed) return;
    for (const watcher of this.watchers) tell(watcher);
    this.told = this.brief.status;
  }

  private ended(state: RunState): void {
    if (this.isClosed) return;
    const isOpen = state.status === "running" || state.status === "queued"; // then only the connection is lost
    this.live = undefined;
    if (!isOpen) this.owner = undefined;
    this.mismatch = undefined;
    if (state.status === "failed") this.unwritten = state.failure;
    this.kept = state;
    this.stamp = "";
    void this.lookAgain();
  }

  /** Refreshes again after the refresh under way, which may have begun before the news. */
  private async lookAgain(): Promise<void> {
    try {
      await this.refreshing;
      await this.refresh();
    } catch (error) {
      this.settings.log(`${this.folder}: ${String(error)}`);
    }
  }
}
