import type { RunEvent } from "../../engine/protocol/events.ts";
import type { ToDashboard } from "../../engine/protocol/dashboard.ts";
import type { RunOutline, RunSummary, ServiceNotifications } from "../../engine/protocol/service.ts";

/** Milliseconds between posts: twenty a second are more than a screen shows. */
const INTERVAL = 50;
/** Events of one run that may wait; of more, the outline is sent anew. */
export const MOST_PENDING = 20_000;

/** How a page is reached. */
export interface OutboxSettings {
  /** Resolves when the page has taken the message in, or is gone. */
  readonly post: (message: ToDashboard) => PromiseLike<unknown>;
  /** The page missed events of a run: asks for its outline, to be given to `reset`. */
  readonly missed: (folder: string) => void;
}

/** What waits for the page, of one run. */
interface Pending {
  outline: RunOutline | undefined;
  events: RunEvent[];
}

/**
 * What a page is told of without having asked: gathered, at most some twenty posts a second, one under way at a time,
 * and never more waiting than a page can take in.
 */
export class Outbox {
  private readonly settings: OutboxSettings;
  private readonly pending = new Map<string, Pending>();
  private changed = new Map<string, RunSummary>();
  private readonly removed = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isPosting = false;
  private nextAt = 0;

  constructor(settings: OutboxSettings) {
    this.settings = settings;
  }

  runs({ changed, removed }: ServiceNotifications["runs"]): void {
    for (const run of changed) {
      this.removed.delete(run.folder);
      this.changed.set(run.folder, run);
    }
    for (const folder of removed) {
      this.changed.delete(folder);
      this.removed.add(folder);
    }
    this.schedule();
  }

  events({ folder, events }: ServiceNotifications["runEvents"]): void {
    const pending = this.of(folder);
    for (const event of events) pending.events.push(event);
    if (pending.events.length > MOST_PENDING) {
      // What is dropped here is in the outline that comes instead.
      this.pending.delete(folder);
      this.settings.missed(folder);
      return;
    }
    this.schedule();
  }

  /** The outline of a run anew: events that wait are in it. */
  reset({ outline }: ServiceNotifications["runReset"]): void {
    this.pending.set(outline.folder, { outline, events: [] });
    this.schedule();
  }

  /** Forgets what waits of a run. */
  forget(folder: string): void {
    this.pending.delete(folder);
  }

  /** Forgets everything that waits. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.pending.clear();
    this.changed.clear();
    this.removed.clear();
  }

  private of(folder: string): Pending {
    const known = this.pending.get(folder);
    if (known !== undefined) return known;
    const pending: Pending = { outline: undefined, events: [] };
    this.pending.set(folder, pending);
    return pending;
  }

  private schedule(): void {
    if (this.isPosting) return;
    this.timer ??= setTimeout(() => void this.post(), Math.max(0, this.nextAt - Date.now()));
  }

  private async post(): Promise<void> {
    this.timer = undefined;
    const message = this.next();
    if (message === undefined) return;
    this.nextAt = Date.now() + INTERVAL;
    this.isPosting = true;
    try {
      await this.settings.post(message);
    } finally {
      this.isPosting = false;
    }
    if (this.pending.size > 0 || this.changed.size > 0 || this.removed.size > 0) this.schedule();
  }

  /** Lists first: they are small, and name runs that events are of. Then the runs in turn. */
  private next(): ToDashboard | undefined {
    if (this.changed.size > 0 || this.removed.size > 0) {
      const message: ToDashboard = { kind: "runs", changed: [...this.changed.values()], removed: [...this.removed] };
      this.changed = new Map();
      this.removed.clear();
      return message;
    }
    const [first] = this.pending;
    if (first === undefined) return undefined;
    const [folder, { outline, events }] = first;
    this.pending.delete(folder);
    if (outline === undefined) return { kind: "runEvents", folder, events };
    if (events.length > 0) this.pending.set(folder, { outline: undefined, events });
    return { kind: "runReset", outline };
  }
}
