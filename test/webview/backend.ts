import type {
  DashboardFocus,
  DashboardMethod,
  DashboardRequests,
  ToDashboard,
} from "../../engine/protocol/dashboard.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";

/** The other side of a dashboard under test, in the place of the extension and its service. */
export interface Backend {
  runs(): Promise<readonly RunSummary[]>;
  request<M extends DashboardMethod>(method: M, params: DashboardRequests[M]["params"]): Promise<unknown>;
  /** Gives the backend the way to send messages of its own. */
  connect(send: (message: ToDashboard) => void): void;
  close(): Promise<void>;
}

/** Answers to requests by method; those that are missing are refused. */
export type Answers = {
  readonly [M in DashboardMethod]?: (
    params: DashboardRequests[M]["params"],
  ) => DashboardRequests[M]["result"] | Promise<DashboardRequests[M]["result"]>;
};

/** Default answers of the editor to the dashboard. */
const EDITOR: Answers = {
  command: () => ({}),
  save: () => ({ saved: true }),
  openText: () => ({}),
  openFile: () => ({}),
  copy: () => ({}),
  promote: () => ({}),
};

/** A backend in memory. */
export function backendOf(runs: readonly RunSummary[], answers: Answers): Backend {
  const all: Answers = { ...EDITOR, ...answers };
  return {
    runs: () => Promise.resolve(runs),
    request: async (method, params) => {
      const answer = all[method] as ((params: unknown) => unknown) | undefined;
      if (answer === undefined) throw new Error(`${method}: the fixture has no answer`);
      return await answer(params);
    },
    connect: () => undefined,
    close: () => Promise.resolve(),
  };
}

/** The focus that shows these runs. */
export function focusOn(view: DashboardFocus["view"], ...runs: readonly string[]): DashboardFocus {
  return { view, runs };
}
