import type { RunOutline, ServiceNotifications } from "../../protocol/service.ts";
import { type Palette, paletteNames, withPlaces } from "../../protocol/palette.ts";
import { Feed } from "../feed.ts";
import { withBorrowed } from "../../storage/stageRecords.ts";
import type { Origins } from "./origins.ts";
import { outlineOf } from "./outline.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** How followers are reached. Both resolve when the other side has taken the message in. */
export interface FollowsSettings {
  readonly sendEvents: (message: ServiceNotifications["runEvents"]) => Promise<void>;
  readonly sendReset: (message: ServiceNotifications["runReset"]) => Promise<void>;
  readonly origins: Pick<Origins, "of">;
  /** Looks of models in a run of this root, and of all others that it may be seen beside. */
  readonly palette: (root: string) => Promise<Palette>;
  readonly log: (message: string) => void;
}

/** The runs that the client follows, each as often as it asked. */
export class Follows {
  private readonly settings: FollowsSettings;
  private readonly follows = new Map<string, Follow>();

  constructor(settings: FollowsSettings) {
    this.settings = settings;
  }

  /** Follows a run once more. @returns Its outline, which later events go on from. */
  async follow(run: TrackedRun): Promise<RunOutline> {
    let one = this.follows.get(run.folder);
    if (one?.run !== run) {
      one?.close();
      one = new Follow(run, this.settings);
      this.follows.set(run.folder, one);
    }
    one.count += 1;
    try {
      return await one.outline();
    } catch (error) {
      this.unfollow(run.folder);
      throw error;
    }
  }

  unfollow(folder: string): void {
    const one = this.follows.get(folder);
    if (one === undefined) return;
    one.count -= 1;
    if (one.count > 0) return;
    one.close();
    this.follows.delete(folder);
  }

  close(): void {
    for (const one of this.follows.values()) one.close();
    this.follows.clear();
  }
}

/** A run on its way to the client: batches of events as they come, and the outline again when any were lost. */
class Follow {
  readonly run: TrackedRun;
  /** How often the client follows it. */
  count = 0;
  private readonly settings: FollowsSettings;
  private readonly feed: Feed;
  private readonly unwatch: () => void;
  private isLive = false;
  private isClosed = false;
  /** The message under way. */
  private sending: Promise<void> = Promise.resolve();
  private resetting: Promise<void> | undefined;
  private isResetDue = false;

  constructor(run: TrackedRun, settings: FollowsSettings) {
    this.run = run;
    this.settings = settings;
    this.feed = new Feed({
      gatherMs: 0, // the engine has gathered them, or the looks at its log do
      send: (events) => (this.sending = settings.sendEvents({ folder: run.folder, events })),
      behind: () => {
        settings.log(`${run.id}: the client reads too slowly; its events are dropped and its outline is sent again`);
        this.reset();
      },
    });
    this.unwatch = run.watch({
      reset: () => this.reset(),
      events: (events) => {
        this.feed.push(events);
        // The curves of a stage that is taken are there at once, and come with no event.
        if (events.some((event) => event.kind === "stageStarted" && event.cached)) void this.resetForBorrowed();
      },
    });
  }

  /** The run as it stands. Events from then on are sent. */
  async outline(): Promise<RunOutline> {
    const borrowed = await this.settings.origins.of(this.run);
    const palette = await this.settings.palette(this.run.root);
    const state = withBorrowed(await this.run.state(), borrowed);
    // In one turn with the outline, so that no event is in neither; others that follow already lose none.
    if (!this.isLive) this.feed.start();
    this.isLive = true;
    return outlineOf(this.run.folder, state, withPlaces(palette, paletteNames(state.stages)));
  }

  close(): void {
    this.isClosed = true;
    this.feed.stop();
    this.unwatch();
  }

  private async resetForBorrowed(): Promise<void> {
    try {
      const borrowed = await this.settings.origins.of(this.run);
      if (borrowed.size > 0 && !this.isClosed) this.reset();
    } catch (error) {
      this.settings.log(`${this.run.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private reset(): void {
    if (!this.isLive && this.resetting === undefined) return; // a client that follows gets the outline anyway
    this.isLive = false;
    this.feed.stop();
    this.isResetDue = true;
    this.resetting ??= this.sendResets().finally(() => (this.resetting = undefined));
  }

  /** Not before the message under way has been taken in: to who does not read, one waits and no more. */
  private async sendResets(): Promise<void> {
    while (this.isResetDue && !this.isClosed) {
      this.isResetDue = false;
      try {
        await this.sending;
        this.sending = this.settings.sendReset({ outline: await this.outline() });
        await this.sending;
      } catch (error) {
        this.settings.log(`${this.run.id}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
