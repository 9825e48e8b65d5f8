import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { type LockOwner, livingOwner } from "../../engine/storage/locks.ts";
import { tiny } from "../engine/pipeline/tinyRun.ts";
import { runEvents } from "./runEvents.ts";
import { describeInVsCode } from "./host/browser.ts";
import {
  editor,
  notification,
  openView,
  openWorkbench,
  pressButton,
  reloadWindow,
  runAndPick,
  runCommand,
  statusItem,
  treeRow,
  webview,
} from "./host/workbench.ts";
import { salsa } from "./salsaProcess.ts";
import { SHORT_CONFIG, type Session, installedIn, picture, runsOf, startRun, startSession } from "./session.ts";
import { waitFor } from "./waiting.ts";

/** Milliseconds that a shortened run may take on a loaded machine. */
const RUN_MS = 180_000;

/** Most of its time goes into the first stage. */
const DEMO_CONFIG = SHORT_CONFIG.replace('"iterations": 110', '"iterations": 10').replace(
  '"prompts": 128',
  '"prompts": 32',
);
/** Stopped before its end. */
const LONG_CONFIG = SHORT_CONFIG.replace('"demo"', '"long"').replace('"iterations": 110', '"iterations": 5000');

describeInVsCode("runs that fare badly, from the packaged extension", function () {
  this.timeout(RUN_MS + 60_000);
  let session: Session;
  let page: Page;
  const runs = (...names: string[]): string => join(session.host.workspace, ".salsa/runs", ...names);
  const events = (run: string): readonly RunEvent[] => runEvents(runs(run, "events.jsonl"));
  const hasFinished = (run: string): boolean => {
    const last = events(run).at(-1);
    return last?.kind === "runFinished" && last.status === "finished";
  };
  const lockOf = (run: string): LockOwner => JSON.parse(text(runs(run, "lock"))) as LockOwner;

  before(async () => {
    session = await startSession({ files: { "demo.salsa.json": DEMO_CONFIG, "long.salsa.json": LONG_CONFIG } });
    page = session.page;
    await openView(page, "SALSA");
  });
  after(() => session.close());
  beforeEach(() => runCommand(page, "Notifications: Clear All Notifications"));
  afterEach(function () {
    return picture(this.currentTest, page);
  });
  const stopAll = async (): Promise<void> => {
    for (const run of runsOf(session)) await stopped(runs(run, "lock"));
  };

  describe("a run whose process was killed", () => {
    afterEach(stopAll);

    it("is shown as cut off, and goes on though lock and socket of the dead process are left", async () => {
      const run = await startRun(session, page, "demo.salsa.json");
      await waitFor(() => events(run).some(({ kind }) => kind === "progress"), "the run's work");
      const { pid, socket = "" } = lockOf(run);
      process.kill(pid, "SIGKILL");
      await notification(page, `${run} was cut off: its engine died without an error message`).waitFor();
      await treeRow(page, new RegExp(`${run}.*cut off at \\d+ %`)).waitFor();
      assert.equal(lockOf(run).pid, pid);
      assert.ok(fs.existsSync(socket));
      await pressButton(page, `${run} was cut off`, "Show Log");
      await editor(page, `${run}/engine.log`).locator(".view-line", { hasText: "computes on" }).waitFor();
      await runCommand(page, "SALSA: Resume Run");
      await waitFor(() => events(run).filter(({ kind }) => kind === "runStarted").length === 2, "the run");
    });
  });

  describe("runs under an update of the extension", () => {
    afterEach(stopAll);

    it("end well, one that is at work and one that waits for it, though their files are removed", async () => {
      // Nothing of it is made before, also when it is tried again.
      const steps = 400 + runsOf(session).length;
      fs.writeFileSync(
        join(session.host.workspace, "demo.salsa.json"),
        DEMO_CONFIG.replace('"steps": 400', `"steps": ${steps}`),
      );
      const working = await startRun(session, page, "demo.salsa.json");
      await waitFor(() => events(working).some(({ kind }) => kind === "progress"), "the run's work");
      // Held until the files are gone, lest it has all that it needs of them by then.
      const { pid } = lockOf(working);
      process.kill(pid, "SIGSTOP");
      const waiting = await startRun(session, page, "demo.salsa.json");
      await notification(page, `${waiting} is queued: another run has the processor. It starts by itself.`).waitFor();
      const extension = installedIn(session.host);
      assert.ok(!events(working).some((event) => event.kind === "stageStarted" && event.stage === "soup"));
      fs.renameSync(extension, `${extension}.removed`);
      process.kill(pid, "SIGCONT");
      try {
        await waitFor(() => hasFinished(working), "the end of the run", RUN_MS);
        await waitFor(() => hasFinished(waiting), "the end of the other run", RUN_MS);
      } finally {
        fs.renameSync(`${extension}.removed`, extension);
      }
      await reloadWindow(page); // as after an update
      await treeRow(page, new RegExp(`${waiting}.*vs`)).waitFor();
    });
  });

  describe("two windows on one folder", () => {
    let other: Page;
    let run: string;

    before(() => open());
    // As a test needs them that is tried again.
    beforeEach(async () => {
      if (other.isClosed() || events(run).at(-1)?.kind === "runFinished") await open();
    });
    after(stopAll);

    async function open(): Promise<void> {
      other = await session.browser.newPage();
      await openWorkbench(other, session.host.url());
      run = await startRun(session, page, "long.salsa.json");
    }

    it("show the run of one in the other, as it goes on", async () => {
      const progress = statusItem(other, /%/);
      await progress.waitFor();
      const before = await progress.textContent();
      await waitFor(async () => (await progress.textContent()) !== before, "the status bar to move");
    });

    it("queue what the other starts meanwhile, say so, and take it back", async () => {
      const queued = await startRun(session, other, "long.salsa.json");
      await notification(other, `${queued} is queued: another run has the processor. It starts by itself.`).waitFor();
      await treeRow(page, new RegExp(`${queued}.*queued`)).waitFor();
      await pressButton(other, `${queued} is queued`, "Stop Run");
      await notification(page, `${queued} was stopped`).waitFor();
    });

    it("stop and resume what the other has started", async () => {
      await runCommand(other, "SALSA: Stop Run");
      await pressButton(page, `${run} was stopped`, "Resume");
      await statusItem(other, /%/).waitFor();
    });

    it("leave the run and each other alone when one is closed", async () => {
      await other.close();
      const seen = events(run).length;
      await waitFor(() => events(run).length > seen + 5, "further events");
      await runCommand(page, "SALSA: Stop Run");
      await treeRow(page, new RegExp(`${run}.*stopped at`)).waitFor();
    });
  });

  describe("a folder of runs", () => {
    before(async () => {
      fs.writeFileSync(join(session.host.workspace, "tiny.salsa.json"), JSON.stringify(tiny()));
      const made = await salsa(["run", "tiny.salsa.json"], { folder: session.host.workspace });
      assert.equal(made.code, 0, made.stderr);
    });

    it("lists a run of a newer version with what to do, beside the others", async () => {
      fs.cpSync(runs("tiny-1"), runs("newer-1"), { recursive: true });
      const next = events("tiny-1").length;
      const record = { kind: "constellation", time: Date.now(), sequence: next, stars: 3 };
      fs.appendFileSync(runs("newer-1", "events.jsonl"), `${JSON.stringify(record)}\n`);
      const newer = treeRow(page, /newer-1.*made by a newer version of SALSA; update the extension to see all/);
      await newer.waitFor();
      await treeRow(page, /tiny-1.*vs/).waitFor();
      await newer.hover();
      await newer.getByRole("button", { name: "Open Dashboard" }).click();
      await webview(page).getByText("newer-1").first().waitFor();
      await webview(page).locator("salsa-pipeline").getByText("sft-1").first().waitFor();
    });

    it("names what was removed of a run, which the config run again brings back", async () => {
      const artifacts = join(session.host.workspace, ".salsa/artifacts");
      const own = events("tiny-1").flatMap((event) => (event.kind === "stageStarted" ? [event.key] : []));
      const removed = own.filter((name) => /^(judgments|soup)-/.test(name));
      for (const name of removed) fs.rmSync(join(artifacts, name), { recursive: true, force: true });
      await runAndPick(page, "SALSA: Open Win-Rate Table", "tiny-1");
      const rates = webview(page).locator("salsa-win-rates");
      await rates
        .getByRole("button", { name: /salsa.*ppo/ })
        .first()
        .click();
      await rates.getByText(/has been removed; run the config again: only that stage is made again/).waitFor();
      const again = await startRun(session, page, "tiny.salsa.json");
      await notification(page, `${again} has finished`).waitFor({ timeout: RUN_MS });
      assert.deepEqual(
        removed.filter((name) => !fs.existsSync(join(artifacts, name))),
        [],
      );
      assert.deepEqual(madeIn(events(again)), new Set(removed));
    });
  });
});

/** Keys of the artifacts that a run did not find. */
function madeIn(events: readonly RunEvent[]): ReadonlySet<string> {
  return new Set(events.flatMap((event) => (event.kind === "stageStarted" && !event.cached ? [event.key] : [])));
}

/** Stops the run that holds a lock, if any does. */
async function stopped(lock: string): Promise<void> {
  const owner = await livingOwner(lock);
  if (owner === undefined) return;
  process.kill(owner.pid, "SIGTERM");
  process.kill(owner.pid, "SIGCONT");
  await waitFor(async () => (await livingOwner(lock)) === undefined, "the end of a run");
}

function text(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
}
