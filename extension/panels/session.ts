import {
  DASHBOARD_COMMANDS,
  type DashboardMethod,
  type DashboardRequests,
  PASSED_ON,
  type RequestMessage,
  type ToDashboard,
} from "../../engine/protocol/dashboard.ts";
import type { ServiceNotifications, ServiceRequests } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import type { Service } from "../salsa.ts";
import { Outbox } from "./outbox.ts";

type PassedOn = (typeof PASSED_ON)[number];
type HostMethod = Exclude<DashboardMethod, PassedOn>;

/** Requests of the page that the editor itself handles. */
export type HostActions = {
  readonly [M in HostMethod]: (params: DashboardRequests[M]["params"]) => Promise<DashboardRequests[M]["result"]>;
};

type Act = (params: unknown) => Promise<unknown>;

/** Dependencies of a session. */
export interface SessionSettings {
  readonly service: Pick<Service, "request" | "on" | "onDidChangeProblem">;
  /** Resolves when the page has taken the message in. */
  readonly post: (message: ToDashboard) => PromiseLike<unknown>;
  readonly actions: HostActions;
  /** For failures that the page does not show. */
  readonly log: (message: string) => void;
}

/** A run that the page follows. */
interface Follow {
  /** How often the page wants it. */
  wanted: number;
  /** How often the service has said so. */
  held: number;
}

/**
 * One life of the page, from its "ready" until it is hidden, reloaded or closed: answers its requests, passes on what
 * it follows, and leaves nothing followed.
 */
export class PageSession {
  private readonly settings: SessionSettings;
  private readonly outbox: Outbox;
  private readonly listening: readonly { dispose(): void }[];
  private readonly follows = new Map<string, Follow>();
  private isOver = false;

  constructor(settings: SessionSettings) {
    this.settings = settings;
    const { service, post } = settings;
    this.outbox = new Outbox({ post, missed: (folder) => void this.sendOutline(folder) });
    this.listening = [
      service.on("runEvents", (message) => {
        if (this.follows.has(message.folder)) this.outbox.events(message);
      }),
      service.on("runReset", (message) => {
        if (this.follows.has(message.outline.folder)) this.outbox.reset(message);
      }),
      service.onDidChangeProblem((problem) => this.tellProblem(problem)),
    ];
  }

  /** Runs have changed. */
  runs(changes: ServiceNotifications["runs"]): void {
    this.outbox.runs(changes);
  }

  /** Answers a request of the page's. */
  async answer(message: RequestMessage): Promise<void> {
    const { id, method, params } = message;
    try {
      this.post({ kind: "response", id, result: await this.carryOut(method, params) });
    } catch (error) {
      const known = error instanceof Error ? error : new Error(String(error));
      if (known.name !== "Canceled") this.settings.log(`${method}: ${known.stack ?? known.message}`);
      this.post({ kind: "failure", id, message: known.message });
    }
  }

  dispose(): void {
    this.isOver = true;
    for (const one of this.listening) one.dispose();
    this.outbox.clear();
    for (const [folder, follow] of this.follows) while (follow.held > 0) this.letGo(folder, follow);
    this.follows.clear();
  }

  private post(message: ToDashboard): void {
    if (this.isOver) return;
    void this.settings.post(message);
  }

  private async carryOut(method: DashboardMethod, params: RequestMessage["params"]): Promise<unknown> {
    const { service, actions } = this.settings;
    if (method === "follow") return this.follow(params as ServiceRequests["follow"]["params"]);
    if (method === "unfollow") return this.release(params as ServiceRequests["unfollow"]["params"]);
    const isPassedOn = (PASSED_ON as readonly string[]).includes(method);
    if (isPassedOn) return service.request(method as PassedOn, params as never);
    const act = Object.hasOwn(actions, method) ? (actions[method as HostMethod] as Act) : undefined;
    if (act === undefined)
      throw new Error(t("The dashboard sent a request that this version does not support: {0}", method));
    return act(params);
  }

  private async follow({ folder }: ServiceRequests["follow"]["params"]): Promise<unknown> {
    // Counted first: no event after the outline may be missed.
    const follow = this.follows.get(folder) ?? { wanted: 0, held: 0 };
    this.follows.set(folder, follow);
    follow.wanted++;
    try {
      const outline = await this.settings.service.request("follow", { folder });
      follow.held++;
      if (this.isOver || follow.held > follow.wanted) this.letGo(folder, follow);
      return outline;
    } catch (error) {
      follow.wanted--;
      this.forgetIfUnwanted(folder, follow);
      throw error;
    }
  }

  private release({ folder }: ServiceRequests["unfollow"]["params"]): unknown {
    const follow = this.follows.get(folder);
    // A page may release a run that only a service that has died since has followed.
    if (follow === undefined) return {};
    follow.wanted--;
    // A pending request to follow is released when its answer arrives.
    if (follow.held > follow.wanted) this.letGo(folder, follow);
    this.forgetIfUnwanted(folder, follow);
    return {};
  }

  private forgetIfUnwanted(folder: string, { wanted }: Follow): void {
    if (wanted > 0) return;
    this.follows.delete(folder);
    this.outbox.forget(folder);
  }

  private letGo(folder: string, follow: Follow): void {
    follow.held--;
    this.unfollow(folder);
  }

  private unfollow(folder: string): void {
    this.settings.service.request("unfollow", { folder }).catch(() => undefined); // one that is gone follows nothing
  }

  private async sendOutline(folder: string): Promise<void> {
    try {
      const outline = await this.settings.service.request("outline", { folder });
      if (this.follows.has(folder)) this.outbox.reset({ outline });
    } catch (error) {
      this.settings.log(`outline: ${String(error)}`);
    }
  }

  private tellProblem(problem: string | null): void {
    if (problem !== null) this.follows.clear();
    this.post({ kind: "service", problem });
  }
}

/** True if the dashboard may run a command. */
export function isDashboardCommand(command: string): boolean {
  return (DASHBOARD_COMMANDS as readonly string[]).includes(command);
}
