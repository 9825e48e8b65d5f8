import type { ServiceNotifications, ServiceRequests } from "../../engine/protocol/service.ts";
import type { Service } from "../../extension/salsa.ts";

type Method = keyof ServiceRequests;
type Answers = {
  readonly [M in Method]?: (params: ServiceRequests[M]["params"]) => Promise<ServiceRequests[M]["result"]>;
};

/** A service that answers as a test says, for cases that the real one shows only when it fails or is slow. */
export class ScriptedService implements Service {
  /** Requests to it, as "follow /runs/a". */
  readonly asked: string[] = [];
  private readonly answers: Answers;
  private readonly listeners = new Map<string, Set<(params: never) => void>>();
  private readonly problemListeners = new Set<(problem: string | null) => void>();

  constructor(answers: Answers) {
    this.answers = answers;
  }

  /** How many listen to anything. */
  get nListeners(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, this.problemListeners.size);
  }

  request<M extends Method>(method: M, params: ServiceRequests[M]["params"]): Promise<ServiceRequests[M]["result"]> {
    this.asked.push(`${method} ${"folder" in params ? params.folder : ""}`.trim());
    const answer = this.answers[method];
    return answer === undefined ? Promise.reject(new Error(`${method} is not in the script`)) : answer(params);
  }

  on<N extends keyof ServiceNotifications>(name: N, listener: (params: ServiceNotifications[N]) => void): Listening {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(listener));
    return ending(() => listeners.delete(listener));
  }

  onDidChangeProblem(listener: (problem: string | null) => void): Listening {
    this.problemListeners.add(listener);
    return ending(() => this.problemListeners.delete(listener));
  }

  retry(): Promise<void> {
    this.asked.push("retry");
    return Promise.resolve();
  }

  notify<N extends keyof ServiceNotifications>(name: N, params: ServiceNotifications[N]): void {
    for (const listener of this.listeners.get(name) ?? []) listener(params as never);
  }

  tellProblem(problem: string | null): void {
    for (const listener of this.problemListeners) listener(problem);
  }
}

type Listening = ReturnType<Service["onDidChangeProblem"]>;

/** As `vscode.Disposable`, which there is none of outside of the editor. */
function ending(dispose: () => void): Listening {
  const listening: unknown = { dispose };
  return listening as Listening;
}
