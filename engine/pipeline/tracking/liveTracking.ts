import { join } from "node:path";
import type { ReportTarget } from "../../config/index.ts";
import type { RunEvent } from "../../protocol/events.ts";
import type { StageInfo } from "../../protocol/stages.ts";
import { placeBelow } from "../../storage/places.ts";
import { checkTree } from "../../storage/reading.ts";
import { makeFolderAt } from "../../storage/writing.ts";
import { stageFacts } from "./stageFacts.ts";
import { TRACKERS } from "./index.ts";
import type { StageTracker } from "./tracker.ts";

/** Where the metrics of a run at work go. */
export interface TrackingSettings {
  /** The folder of runs and artifacts: `.salsa`; each tool's files are in a folder of it, of all runs together. */
  readonly root: string;
  readonly run: string;
  readonly experiment: string;
  readonly targets: readonly ReportTarget[];
  /** Called once when a tool's files cannot be written: the run goes on without them. */
  readonly complain: (message: string) => void;
}

/** Passes a run's metrics on to other tools' files, event by event. */
export class LiveTracking {
  private readonly settings: TrackingSettings;
  private readonly open = new Map<string, readonly StageTracker[]>();
  private stages = new Map<string, StageInfo>();
  private isBroken = false;

  private constructor(settings: TrackingSettings) {
    this.settings = settings;
  }

  /** @throws {DataError} when the tools' files, or folders on the way to them, are links. @throws {DiskError} */
  static async begin(settings: TrackingSettings): Promise<LiveTracking> {
    for (const target of settings.targets) {
      const place = placeBelow(settings.root, target);
      await makeFolderAt(place);
      await checkTree(place);
    }
    return new LiveTracking(settings);
  }

  take(event: RunEvent): void {
    if (this.isBroken) return;
    try {
      this.pass(event);
    } catch (error) {
      this.isBroken = true;
      const why = error instanceof Error ? error.message : String(error);
      this.settings.complain(`metrics are no longer written for ${this.settings.targets.join(", ")}: ${why}`);
    }
  }

  private pass(event: RunEvent): void {
    const { kind, time } = event;
    if (kind === "runStarted") {
      this.stages = new Map(event.stages.flatMap((one) => (typeof one === "string" ? [] : [[one.id, one]])));
    } else if (kind === "metrics") {
      for (const tracker of this.trackersOf(event.stage, time)) tracker.log(event.step, time, event.values);
    } else if (kind === "stageFinished") this.end(event.stage, time, "finished");
    else if (kind === "runFinished" || kind === "runFailed") {
      for (const stage of [...this.open.keys()]) this.end(stage, time, "stopped");
    }
  }

  private trackersOf(stage: string, time: number): readonly StageTracker[] {
    const known = this.open.get(stage);
    if (known !== undefined) return known;
    const { root, run, experiment, targets } = this.settings;
    const about = { run, experiment, stage, facts: stageFacts(this.stages.get(stage)), startedAt: time };
    const opened = targets.map((target) => TRACKERS[target].open(join(root, target), about));
    this.open.set(stage, opened);
    return opened;
  }

  private end(stage: string, time: number, status: "finished" | "stopped"): void {
    for (const tracker of this.open.get(stage) ?? []) tracker.end(time, status);
    this.open.delete(stage);
  }
}
