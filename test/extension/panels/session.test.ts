import assert from "node:assert/strict";
import { type RequestMessage, type ToDashboard } from "../../../engine/protocol/dashboard.ts";
import { emptyRunState } from "../../../engine/protocol/runState.ts";
import type { RunOutline } from "../../../engine/protocol/service.ts";
import { type HostActions, PageSession, isDashboardCommand } from "../../../extension/panels/session.ts";
import { ScriptedService } from "../scriptedService.ts";

const { metrics: _, ...state } = emptyRunState("demo");
const outline = (folder: string): RunOutline => ({ ...state, folder, series: {} });

const actions: HostActions = {
  command: () => Promise.resolve({}),
  save: () => Promise.resolve({ saved: true }),
  openText: () => Promise.resolve({}),
  openFile: ({ file }) => Promise.reject(new Error(`${file} has been removed`)),
  copy: () => Promise.resolve({}),
  promote: () => Promise.resolve({}),
  pinPrompt: () => Promise.resolve({}),
  measureFigure: () => Promise.resolve({}),
};

describe("PageSession", () => {
  let posted: ToDashboard[];
  let service: ScriptedService;
  let session: PageSession;
  beforeEach(() => {
    posted = [];
    service = new ScriptedService({
      follow: ({ folder }) => Promise.resolve(outline(folder)),
      unfollow: () => Promise.resolve({}),
      winRates: () => Promise.resolve([]),
      provenance: () => Promise.reject(new Error("run.json is gone. Restore it")),
    });
    const post = (message: ToDashboard): Promise<void> => {
      posted.push(message);
      return Promise.resolve();
    };
    session = new PageSession({ service, post, actions, log: () => undefined });
  });
  afterEach(() => session.dispose());

  let id = 0;
  const ask = (method: string, params: object): Promise<void> =>
    session.answer({ kind: "request", id: id++, method, params } as RequestMessage);
  const follow = (folder: string): Promise<void> => ask("follow", { folder });
  const unfollowed = (): readonly string[] => service.asked.filter((one) => one.startsWith("unfollow"));

  it("passes requests on to the service, and its refusals back", async () => {
    id = 7;
    await ask("winRates", { folder: "/a" });
    await ask("provenance", { folder: "/a" });
    assert.deepEqual(posted, [
      { kind: "response", id: 7, result: [] },
      { kind: "failure", id: 8, message: "run.json is gone. Restore it" },
    ]);
  });

  it("does what only the editor can, and says why it could not", async () => {
    id = 0;
    await ask("save", { name: "plot.svg", content: { text: "" } });
    await ask("openFile", { file: "/a" });
    assert.deepEqual(posted, [
      { kind: "response", id: 0, result: { saved: true } },
      { kind: "failure", id: 1, message: "/a has been removed" },
    ]);
    assert.deepEqual(service.asked, []);
  });

  it("refuses what no dashboard may ask of the service", async () => {
    for (const method of ["deleteRun", "startRun", "initialize", "toString"]) await ask(method, { folder: "/a" });
    assert.deepEqual(service.asked, []);
    assert.deepEqual([...new Set(posted.map(({ kind }) => kind))], ["failure"]);
  });

  it("leaves nothing followed that the page has followed", async () => {
    await follow("/a");
    await follow("/a");
    await follow("/b");
    await ask("unfollow", { folder: "/b" });
    session.dispose();
    assert.deepEqual(unfollowed(), ["unfollow /b", "unfollow /a", "unfollow /a"]);
    assert.equal(service.nListeners, 0);
  });

  it("lets go of a run whose outline comes after the page has gone", async () => {
    const following = follow("/a");
    session.dispose();
    await following;
    assert.deepEqual(unfollowed(), ["unfollow /a"]);
    assert.deepEqual(posted, []);
  });

  it("lets go of a run that the page does not want any more when its outline comes", async () => {
    const following = follow("/a");
    const letting = ask("unfollow", { folder: "/a" });
    assert.deepEqual(unfollowed(), []);
    await Promise.all([following, letting]);
    session.dispose();
    assert.deepEqual(unfollowed(), ["unfollow /a"]);
  });

  it("passes on events of runs that the page follows, and of no others", async () => {
    await follow("/a");
    posted.length = 0;
    service.notify("runReset", { outline: outline("/b") });
    service.notify("runReset", { outline: outline("/a") });
    await new Promise((resolve) => setImmediate(resolve));
    await until(() => posted.length > 0);
    assert.deepEqual(posted, [{ kind: "runReset", outline: outline("/a") }]);
  });

  it("tells of a service that is gone, which follows nothing any more", async () => {
    await follow("/a");
    posted.length = 0;
    service.tellProblem("It died");
    service.tellProblem(null);
    assert.deepEqual(posted, [
      { kind: "service", problem: "It died" },
      { kind: "service", problem: null },
    ]);
    await ask("unfollow", { folder: "/a" });
    session.dispose();
    assert.deepEqual(unfollowed(), []);
  });
});

describe("isDashboardCommand", () => {
  it("knows the commands that the dashboard may run", () => {
    assert.deepEqual(["salsa.stop", "salsa.deleteRun", "workbench.action.quit"].map(isDashboardCommand), [
      true,
      false,
      false,
    ]);
  });
});

/** Resolves when something has become so. */
function until(isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (isSo()) resolve();
      else setImmediate(look);
    };
    look();
  });
}
