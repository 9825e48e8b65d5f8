import type { RunEvent } from "../../engine/protocol/events.ts";
import type { ToDashboard } from "../../engine/protocol/dashboard.ts";
import type { RunOutline, RunSummary, ServiceNotifications } from "../../engine/protocol/service.ts";

/** Events of one run that may wait; of more, the outline is sent instead. */
export const MOST_PENDING = 20_000;

/** How a page is reached. */
export interface OutboxSettings {
  /** Resolves when the page has taken the message in, or is gone. */
  readonly post: (message: ToDashboard) => PromiseLike<unknown>;
  /** The page missed events of a run: asks for its outline, to be given to `reset`. */
  readonly missed: (folder: string) => void;
}

/** Messages of one run that wait for the page. */
interface Pending {
  outline: RunOutline | undefined;
  events: RunEvent[];
}

/**
 * Queue of unsolicited messages to a page. The service sends each run's events in batches, some twenty per second, and
 * the outbox posts them one message at a time. Events that arrive meanwhile are merged, and the backlog is limited to
 * what a page can take in.
 */
export class Outbox {
  private readonly settings: OutboxSettings;
  private readonly pending = new Map<string, Pending>();
  private changed = new Map<string, RunSummary>();
  private readonly removed = new Set<string>();
  private isPosting = false;

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
      // The outline that replaces the dropped events includes them.
      this.pending.delete(folder);
      this.settings.missed(folder);
      return;
    }
    this.schedule();
  }

  /** Replaces a run's outline: events that wait are in it. */
  reset({ outline }: ServiceNotifications["runReset"]): void {
    this.pending.set(outline.folder, { outline, events: [] });
    this.schedule();
  }

  /** Discards the pending messages of a run. */
  forget(folder: string): void {
    this.pending.delete(folder);
  }

  /** Discards all pending messages. */
  clear(): void {
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
    this.isPosting = true;
    // Deferred to a microtask, so that messages of the same turn are posted together.
    queueMicrotask(() => void this.post());
  }

  private async post(): Promise<void> {
    try {
      for (let message = this.next(); message !== undefined; message = this.next()) await this.settings.post(message);
    } finally {
      this.isPosting = false;
    }
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
