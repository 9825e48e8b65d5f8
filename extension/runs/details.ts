import type { RunConfig } from "../../engine/config/index.ts";
import type { RunEvent } from "../../engine/protocol/events.ts";
import type { ModelArtifact, RunOutline, ServiceRequests } from "../../engine/protocol/service.ts";
import type { Service } from "../salsa.ts";
import { type ArmLine, armsOf, shownKeys, stagesOfArm } from "./arms.ts";
import { RunDetail } from "./detail.ts";
import { isActive } from "./states.ts";

/** Content of an expanded run. */
export interface OpenRun {
  readonly detail: RunDetail;
  readonly arms: readonly ArmLine[];
  models: readonly ModelArtifact[];
}

/** An expanded run. */
interface Held {
  readonly opened: Promise<OpenRun>;
  isFollowed: boolean;
  isLoaded: boolean;
}

type DetailService = Pick<Service, "request" | "on">;

/** Expanded runs of the view: follows the active ones, and discards those that are collapsed. */
export class RunDetails {
  private readonly service: DetailService;
  private readonly held = new Map<string, Held>();
  private readonly listening: readonly { dispose(): void }[];

  /**
   * Subscribes to the service.
   * @param service - Answers requests and sends events of runs.
   * @param onDidChange - Called with the folder of a run whose details have changed.
   */
  constructor(service: DetailService, onDidChange: (folder: string) => void) {
    this.service = service;
    const pass = async (folder: string, act: (opened: OpenRun) => Promise<void> | void): Promise<void> => {
      const opened = await this.held.get(folder)?.opened.catch(() => undefined);
      if (opened === undefined) return;
      await act(opened);
      onDidChange(folder);
    };
    this.listening = [
      service.on(
        "runEvents",
        ({ folder, events }) => void pass(folder, (opened) => this.apply(opened, folder, events)),
      ),
      service.on("runReset", ({ outline }) => void pass(outline.folder, ({ detail }) => detail.reset(outline))),
    ];
  }

  /** Content of an expanded run, requested once while it is open. @throws {ServiceError} */
  open(folder: string): Promise<OpenRun> {
    const known = this.held.get(folder);
    if (known !== undefined) return known.opened;
    const opened = this.load(folder, () => (held.isFollowed = true));
    const held: Held = { opened, isFollowed: false, isLoaded: false };
    this.held.set(folder, held);
    opened.then(
      () => (held.isLoaded = true),
      () => {
        if (this.held.get(folder) === held) this.held.delete(folder);
      },
    );
    return opened;
  }

  /** True if a run is open. */
  has(folder: string): boolean {
    return this.held.has(folder);
  }

  /** True if a run is open but not followed, because it had ended; if it is active, it has been resumed since. */
  isUnfollowed(folder: string): boolean {
    const held = this.held.get(folder);
    return held?.isLoaded === true && !held.isFollowed;
  }

  /** Discards a run, so that it is requested again when it is next opened. */
  close(folder: string): void {
    const held = this.held.get(folder);
    this.held.delete(folder);
    if (held === undefined) return;
    const unfollow = async (): Promise<void> => {
      await held.opened;
      if (held.isFollowed) await this.service.request("unfollow", { folder });
    };
    unfollow().catch(() => undefined); // a service that is gone follows nothing
  }

  closeAll(): void {
    for (const folder of [...this.held.keys()]) this.close(folder);
  }

  /** Discards all runs after the service was gone and follows none any more. */
  forgetAll(): void {
    this.held.clear();
  }

  dispose(): void {
    this.closeAll();
    for (const one of this.listening) one.dispose();
  }

  private async apply(opened: OpenRun, folder: string, events: readonly RunEvent[]): Promise<void> {
    opened.detail.apply(events);
    const isMade = events.some(({ kind }) => kind === "stageFinished");
    if (isMade) opened.models = (await this.optional("models", { folder })) ?? opened.models;
  }

  /** Calls `followed` once the service follows the run. */
  private async load(folder: string, followed: () => void): Promise<OpenRun> {
    const outline = await this.outline(folder, followed);
    const detail = new RunDetail(outline);
    const [provenance, models] = await Promise.all([
      this.optional("provenance", { folder }),
      this.optional("models", { folder }),
    ]);
    const config: Pick<RunConfig, "arms"> = provenance?.config ?? { arms: {} };
    const arms = armsOf(config);
    const keys = shownKeys(
      outline.series,
      arms.flatMap((arm) => stagesOfArm(outline.stages, arm)),
    );
    if (keys.length > 0) {
      const { series } = await this.service.request("series", { folder, keys });
      detail.takeSeries(series);
    }
    return { detail, arms, models: models ?? [] };
  }

  private async outline(folder: string, followed: () => void): Promise<RunOutline> {
    const outline = await this.service.request("outline", { folder });
    if (!isActive(outline)) return outline;
    const live = await this.service.request("follow", { folder });
    followed();
    return live;
  }

  /** Requests a part that a run may lack, for example because it failed before it produced anything. */
  private async optional<M extends keyof ServiceRequests>(
    method: M,
    params: ServiceRequests[M]["params"],
  ): Promise<ServiceRequests[M]["result"] | undefined> {
    try {
      return await this.service.request(method, params);
    } catch {
      return undefined;
    }
  }
}
