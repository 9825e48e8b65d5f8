import type { ServiceNotifications } from "../../protocol/service.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** Milliseconds between notifications about runs: four a second. */
const INTERVAL = 250;

/** Gathers which runs have changed and sends their summaries some times a second, one notification under way at a time. */
export class RunsNotifier {
  private readonly send: (news: ServiceNotifications["runs"]) => Promise<void>;
  private readonly changed = new Set<TrackedRun>();
  private readonly removed = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isSending = false;
  private nextAt = 0;

  /**
   * @param send - Resolves when the client has taken the news in; further changes wait meanwhile, at most one per run.
   */
  constructor(send: (news: ServiceNotifications["runs"]) => Promise<void>) {
    this.send = send;
  }

  change(run: TrackedRun): void {
    this.removed.delete(run.folder);
    this.changed.add(run);
    this.schedule();
  }

  remove(run: TrackedRun): void {
    this.changed.delete(run);
    this.removed.add(run.folder);
    this.schedule();
  }

  close(): void {
    clearTimeout(this.timer);
    this.isSending = true; // for good
  }

  private schedule(): void {
    if (this.isSending) return;
    this.timer ??= setTimeout(() => void this.flush(), Math.max(0, this.nextAt - Date.now()));
  }

  private async flush(): Promise<void> {
    this.timer = undefined;
    this.nextAt = Date.now() + INTERVAL;
    const [changed, removed] = [[...this.changed], [...this.removed]];
    this.changed.clear();
    this.removed.clear();
    this.isSending = true;
    await Promise.all(changed.map((run) => run.settled()));
    try {
      await this.send({ changed: changed.map((run) => run.summary()), removed });
    } catch {
      return; // nobody listens any more
    }
    this.isSending = false;
    if (this.changed.size > 0 || this.removed.size > 0) this.schedule();
  }
}
