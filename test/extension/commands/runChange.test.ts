import assert from "node:assert/strict";
import type { RunSummary } from "../../../engine/protocol/service.ts";
import { runChange } from "../../../extension/commands/runChange.ts";
import { summary } from "./summaries.ts";

/** Runs whose changes the test announces. */
class ToldRuns {
  run: RunSummary | undefined;
  readonly listeners = new Set<() => unknown>();

  get(): RunSummary | undefined {
    return this.run;
  }

  readonly onDidChange = (listener: () => unknown): { dispose: () => void } => {
    this.listeners.add(listener);
    return { dispose: () => void this.listeners.delete(listener) };
  };

  tell(run: RunSummary): void {
    this.run = run;
    for (const listener of this.listeners) listener();
  }
}

const isStopped = ({ status }: RunSummary): boolean => status === "stopped";

describe("waiting for a run to change", () => {
  it("ends at once when the run is as it should be", async () => {
    const runs = new ToldRuns();
    runs.run = summary("a", { status: "stopped" });
    assert.equal(await runChange(runs, "a", isStopped), runs.run);
    assert.equal(runs.listeners.size, 0);
  });

  it("ends when the run is reported to be so, and not before", async () => {
    const runs = new ToldRuns();
    const waiting = runChange(runs, "a", isStopped);
    runs.tell(summary("a", { status: "running" }));
    assert.equal(runs.listeners.size, 1);
    runs.tell(summary("a", { status: "stopped" }));
    assert.equal((await waiting)?.status, "stopped");
    assert.equal(runs.listeners.size, 0);
  });

  it("ends with nothing when time is up", async () => {
    const runs = new ToldRuns();
    assert.equal(await runChange(runs, "a", isStopped, { most: 1 }), undefined);
    assert.equal(runs.listeners.size, 0);
  });

  it("ends with nothing when it is called off, also beforehand", async () => {
    const runs = new ToldRuns();
    const abort = new AbortController();
    const waiting = runChange(runs, "a", isStopped, { signal: abort.signal });
    abort.abort();
    assert.equal(await waiting, undefined);
    assert.equal(await runChange(runs, "a", isStopped, { signal: abort.signal }), undefined);
    assert.equal(runs.listeners.size, 0);
  });
});
