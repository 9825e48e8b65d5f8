import type { CancellationToken } from "vscode-jsonrpc";
import type { ServiceNotifications, ServiceRequests } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { ServiceError } from "./errors.ts";
import type { Runtime } from "./runtime.ts";
import { type ServiceProcess, type ServiceSettings, startService } from "./serviceProcess.ts";

/** Deaths within `WINDOW` milliseconds after which it is no accident any more. */
const MOST_DEATHS = 3;
const WINDOW = 60_000;
/** Milliseconds before a service that died is started again, by the number of its recent deaths. */
const BACKOFF = [250, 2000];

/** Settings and callbacks of the client. */
export interface ClientSettings extends Pick<ServiceSettings, "client" | "onText" | "onAskModel" | "timeoutMs"> {
  /** True if the user trusts the workspace; asked at each start, and `trust` says it to a service that is there. */
  readonly isTrusted: () => boolean;
  /** Locates Node and the engine; called at each start. @throws {ServiceError} */
  readonly runtime: () => Promise<Runtime>;
  readonly onLog: (message: string) => void;
  /** Called when automatic restarts stop; `restart` starts the service again. */
  readonly onGiveUp: (error: ServiceError) => void;
  readonly backoff?: readonly number[];
}

/** State of the client. */
type State =
  | { readonly kind: "idle" }
  | { readonly kind: "working"; readonly process: Promise<ServiceProcess> }
  | { readonly kind: "given up"; readonly error: ServiceError };

/** Ends a listening. */
interface Disposable {
  dispose(): void;
}

type Listener = (params: never) => void;

/** The engine service: started at the first request, and again when it dies, until that is no accident any more. */
export class ServiceClient {
  private readonly settings: ClientSettings;
  private readonly listeners = new Map<keyof ServiceNotifications, Set<Listener>>();
  private readonly problemListeners = new Set<(problem: string | null) => void>();
  private state: State = { kind: "idle" };
  private deaths: number[] = [];
  private told: string | null = null;
  private running: ServiceProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Ends the wait before a start at once. */
  private wake: (() => void) | undefined;
  /** Counts starts, so that results of earlier ones can be discarded. */
  private turn = 0;
  private isDisposed = false;

  constructor(settings: ClientSettings) {
    this.settings = settings;
  }

  /** Reason why the service is down; null while it is up, or was never needed. */
  get problem(): string | null {
    return this.told;
  }

  /** True once it no longer restarts the service until `restart` is called. */
  get hasGivenUp(): boolean {
    return this.state.kind === "given up";
  }

  /** Process id of the service that works. */
  get pid(): number | undefined {
    return this.running?.info.pid;
  }

  /** Sends a request to the service, starting it if it is not running. @throws {ServiceError} */
  async request<M extends keyof ServiceRequests>(
    method: M,
    params: ServiceRequests[M]["params"],
    token?: CancellationToken,
  ): Promise<ServiceRequests[M]["result"]> {
    if (this.isDisposed) throw new ServiceError(t("The editor is closing"), "gone");
    if (this.state.kind === "given up") throw this.state.error;
    const process = await (this.state.kind === "working" ? this.state.process : this.start(0));
    return process.request(method, params, token);
  }

  /** Listens to a notification, over all restarts. */
  on<N extends keyof ServiceNotifications>(name: N, listener: (params: ServiceNotifications[N]) => void): Disposable {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(listener));
    return { dispose: () => listeners.delete(listener) };
  }

  /** Passes the reason when the service goes down, and null when it is back. */
  onDidChangeProblem(listener: (problem: string | null) => void): Disposable {
    this.problemListeners.add(listener);
    return { dispose: () => this.problemListeners.delete(listener) };
  }

  /** Restarts the service and forgets earlier crashes, after a change of settings or at the user's request. */
  async restart(): Promise<void> {
    this.deaths = [];
    const old = this.running;
    this.running = undefined;
    old?.close();
    if (old !== undefined) this.announce(t("The engine service is being restarted"));
    const wakeEarlier = this.wake;
    const started = this.start(0);
    wakeEarlier?.();
    try {
      await started;
    } catch {
      return; // listeners to problems have been notified
    }
  }

  /**
   * Tells a service that has started, or is starting, that the editor's models can be asked here from now on; nothing where
   * they cannot, or the workspace is not trusted.
   */
  async offerModels(): Promise<void> {
    if (this.state.kind !== "working" || this.settings.onAskModel === undefined || !this.settings.isTrusted()) return;
    try {
      await this.request("offerModels", {});
    } catch {
      return; // it is gone: the next one gets the offer as it starts
    }
  }

  /** Tells a service that has started, or is starting, that the user trusts the workspace from now on. */
  async trust(): Promise<void> {
    if (this.state.kind !== "working") return;
    try {
      await this.request("trust", {});
    } catch {
      return; // it is gone: the next one hears of it as it starts
    }
    await this.offerModels();
  }

  dispose(): void {
    this.isDisposed = true;
    this.turn++;
    clearTimeout(this.timer);
    this.wake?.();
    this.running?.close();
    this.running = undefined;
    this.listeners.clear();
    this.problemListeners.clear();
  }

  /** Starts a process after some milliseconds; requests that come meanwhile wait for it. */
  private start(delay: number): Promise<ServiceProcess> {
    const turn = ++this.turn;
    const process = this.wait(delay).then(async () => this.adopt(await this.launch(), turn));
    this.state = { kind: "working", process };
    process.catch((error: unknown) => {
      if (this.turn === turn) this.die(error as ServiceError);
    });
    return process;
  }

  /** Takes a process as the one that works, unless it has come too late for that. */
  private adopt(started: ServiceProcess, turn: number): ServiceProcess {
    if (this.turn !== turn) {
      started.close();
      throw new ServiceError(t("The engine service was restarted. Try again"), "gone");
    }
    this.running = started;
    void started.ended.then((error) => {
      if (this.running === started) this.die(error);
    });
    this.announce(null);
    void this.offerModels();
    return started;
  }

  private wait(delay: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      this.timer = setTimeout(resolve, delay);
    });
  }

  private async launch(): Promise<ServiceProcess> {
    const { client, isTrusted, onText, onLog, onAskModel, timeoutMs } = this.settings;
    if (this.isDisposed) throw new ServiceError(t("The editor is closing"), "gone");
    const runtime = await this.settings.runtime();
    onLog(`${runtime.node} ${runtime.main} serve`);
    const process = await startService(runtime, {
      client,
      isTrusted: isTrusted(),
      onText,
      onAskModel,
      onNotification: (name, params) => this.pass(name, params),
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    const { pid, node, version } = process.info;
    onLog(`engine ${version}, Node ${node}, process ${pid}`);
    return process;
  }

  /** Starts it again if that may help. */
  private die(error: ServiceError): void {
    this.running = undefined;
    this.settings.onLog(error.message);
    const now = Date.now();
    this.deaths = [...this.deaths.filter((time) => now - time < WINDOW), now];
    const isHopeless = error.kind === "unusable" || this.deaths.length >= MOST_DEATHS;
    if (isHopeless) {
      this.state = { kind: "given up", error };
      this.settings.onGiveUp(error);
    } else {
      const { backoff = BACKOFF } = this.settings;
      this.start(backoff[this.deaths.length - 1] ?? 0).catch(() => undefined); // its end comes here again
    }
    this.announce(error.message);
  }

  private pass<N extends keyof ServiceNotifications>(name: N, params: ServiceNotifications[N]): void {
    if (name === "log") this.settings.onLog((params as ServiceNotifications["log"]).message);
    for (const listener of this.listeners.get(name) ?? []) listener(params as never);
  }

  private announce(problem: string | null): void {
    if (problem === this.told) return;
    this.told = problem;
    for (const listener of this.problemListeners) listener(problem);
  }
}
