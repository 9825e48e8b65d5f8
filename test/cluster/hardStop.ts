import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { mock } from "node:test";
import { setTimeout } from "node:timers/promises";
import { type Written, keysOf, runTiny } from "../engine/pipeline/tinyRun.ts";
import { attemptsAt, processOf } from "./arms.ts";

/** The cluster of the tests. */
export interface StopTests {
  /** Folder of runs on the cluster. */
  readonly remote: () => string;
  readonly onCluster: (cluster: Written, overrides: Written) => Written;
}

/** Milliseconds that a job has to end by itself. */
const GRACE_MS = 5 * 60_000;

/** A test of a job that does not hear a stop. */
export function testHardStop({ remote, onCluster }: StopTests): void {
  it("has Ray end a job that five minutes after a stop is still there, and goes on from its savepoint", async () => {
    const root = path.join(remote(), ".salsa");
    const arms = { ppo: { reference: "sft-1" }, salsa: { reference: "soup", beta: 0.2 } };
    const config = onCluster({}, { arms });
    const stop = new AbortController();
    const atWork = Promise.withResolvers<string>();
    let key = "";
    const running = runTiny(config, remote(), {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "stageStarted" && event.stage === "salsa") key = event.key;
        if (event.kind === "progress" && event.stage === "salsa" && event.step > 4) atWork.resolve(key);
      },
    });
    const pid = await processOf(await Promise.race([atWork.promise, running.then(() => assert.fail("it has ended"))]));
    // It hears neither the file nor SIGTERM: Ray kills it a minute later.
    process.kill(pid, "SIGSTOP");
    stop.abort();
    while (!existsSync(path.join(root, "records", key, "attempt-1.stop"))) await setTimeout(50);
    const now = performance.now.bind(performance);
    const clock = mock.method(performance, "now", () => now() + GRACE_MS);
    const stopped = await running.finally(() => clock.mock.restore());

    assert.equal(stopped.status, "stopped");
    const notes = stopped.events.flatMap((event) => (event.kind === "note" ? [event.message] : []));
    assert.match(notes.join("\n"), /its job has not ended within 5 min, and Ray ends it/);
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });

    const resumed = await runTiny(config, remote(), { resume: stopped.id });

    assert.equal(resumed.status, "finished");
    assert.deepEqual(await attemptsAt(root, key), [1, 2]);
    assert.equal(keysOf(resumed).get("salsa"), key);
    const steps = resumed.events.flatMap((event) =>
      event.kind === "progress" && event.stage === "salsa" ? [event.step] : [],
    );
    assert.ok((steps[0] ?? 0) > 1, `goes on at step ${steps[0] ?? "none"}`);
  });
}
