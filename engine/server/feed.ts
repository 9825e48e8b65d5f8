import type { RunEvent } from "../protocol/events.ts";

/** Events that may wait for a slow client; of a full queue, nothing is kept. */
export const MOST_PENDING = 10_000;

/** How a feed reaches its client. */
export interface FeedSettings {
  /**
   * Milliseconds in which events gather before they are sent. With 0 they go as they come, but for those that come while
   * others are under way: for events that were gathered once already.
   */
  readonly gatherMs: number;
  /** Resolves when the client's side has taken the events in. */
  readonly send: (events: readonly RunEvent[]) => Promise<void>;
  /** Called once when the client has missed events; nothing is sent until `start` is called again. */
  readonly behind: () => void;
}

/**
 * The events that go to one client, in batches, one batch under way at a time.
 *
 * The queue is bounded: a client that reads too slowly loses it, is notified, and starts over from a snapshot.
 */
export class Feed {
  private readonly settings: FeedSettings;
  private pending: RunEvent[] = [];
  private isLive = false;
  private sending: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(settings: FeedSettings) {
    this.settings = settings;
  }

  /** From here on, every event is sent. */
  start(): void {
    this.isLive = true;
    this.pending = [];
  }

  push(events: readonly RunEvent[]): void {
    if (!this.isLive || events.length === 0) return;
    if (this.pending.length > 0 && this.pending.length + events.length > MOST_PENDING) {
      this.stop();
      this.settings.behind();
      return;
    }
    for (const event of events) this.pending.push(event);
    this.schedule();
  }

  /** Sends the pending events, for a client that keeps reading. */
  async finish(): Promise<void> {
    while (this.sending !== undefined || this.pending.length > 0) {
      if (this.sending === undefined) this.flush();
      await this.sending;
    }
  }

  stop(): void {
    this.isLive = false;
    this.pending = [];
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(): void {
    if (this.settings.gatherMs === 0) {
      if (this.sending === undefined) this.flush();
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (this.sending === undefined) this.flush();
    }, this.settings.gatherMs);
  }

  private flush(): void {
    const events = this.pending;
    if (events.length === 0) return;
    this.pending = [];
    this.sending = this.settings
      .send(events)
      .catch(() => this.stop()) // the client is gone
      .then(() => this.sent());
  }

  private sent(): void {
    this.sending = undefined;
    if (this.pending.length > 0) this.schedule();
  }
}
