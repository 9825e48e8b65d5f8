import type { DashboardMethod, DashboardRequests, FromDashboard } from "../../engine/protocol/dashboard.ts";
import type { Host, HostMessage } from "../../webview/host.ts";
import { DashboardState } from "../../webview/state.ts";
import type { Backend } from "./backend.ts";

/** A dashboard's state without a page: messages are given to it, frames pass when the test says so. */
export interface StatedDashboard {
  readonly state: DashboardState;
  readonly asked: readonly { readonly method: DashboardMethod; readonly params: unknown }[];
  readonly told: readonly FromDashboard[];
  kept(): unknown;
  hear(message: HostMessage): void;
  /** Answers requests, then draws, until nothing is left to do. */
  settle(): Promise<void>;
  /** Draws one frame. */
  frame(): void;
}

/** Puts a state before a backend. */
export function stateOn(backend: Pick<Backend, "request">, kept?: unknown): StatedDashboard {
  const asked: { method: DashboardMethod; params: unknown }[] = [];
  const told: FromDashboard[] = [];
  const listeners = new Set<(message: HostMessage) => void>();
  let [last, open]: [unknown, number] = [kept, 0];
  let frames: (() => void)[] = [];
  const host: Host = {
    request: async <M extends DashboardMethod>(method: M, params: DashboardRequests[M]["params"]) => {
      asked.push({ method, params });
      open++;
      try {
        return (await backend.request(method, params)) as DashboardRequests[M]["result"];
      } finally {
        open--;
      }
    },
    tell: (message) => told.push(message),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getState: () => last,
    setState: (value) => {
      last = structuredClone(value);
    },
  };
  const state = new DashboardState(host, (task) => frames.push(task));
  const frame = (): void => {
    const due = frames;
    frames = [];
    for (const task of due) task();
  };
  return {
    state,
    asked,
    told,
    kept: () => last,
    hear: (message) => listeners.forEach((listener) => listener(message)),
    settle: async () => {
      while (open > 0 || frames.length > 0) {
        frame();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    frame,
  };
}
