import assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { interruptNotice } from "../../../engine/cli/cli.ts";
import { progressView } from "../../../engine/cli/progress.ts";
import { type JsonLine, assertClearError, salsa, spawnSalsa, watchSalsa } from "../../e2e/salsaProcess.ts";
import { type Written, tiny } from "../pipeline/tinyRun.ts";
import { ENDLESS, hasSteps, kill, watch, withEngines } from "../server/engines.ts";
import { logRecords } from "../storage/logRecords.ts";
import { screen } from "./screen.ts";

interface Started {
  readonly id: string;
  readonly folder: string;
  readonly pid: number;
}

async function startDetached(folder: string, written: Written): Promise<Started> {
  await fs.writeFile(path.join(folder, "tiny.salsa.json"), JSON.stringify(written));
  const { code, stdout, stderr } = await salsa(["run", "tiny.salsa.json", "--detach", "--json"], { folder });
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as Started;
}

describe("runs in the background", function () {
  this.timeout(240_000);

  it("are started with a line on how to follow and one on how to stop", async () => {
    await withEngines(async (folder) => {
      await fs.writeFile(path.join(folder, "tiny.salsa.json"), JSON.stringify(tiny()));
      const { code, stdout, stderr } = await salsa(["run", "tiny.salsa.json", "--detach"], { folder });
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(
        stdout,
        /^Started tiny-1 in the background \(process \d+\)\nFollow: node .*salsa\.mjs attach tiny-1\nStop: {3}node .*salsa\.mjs stop tiny-1\n$/,
      );
    });
  });

  it("are followed by attach with every event from the first, and then the result", async () => {
    await withEngines(async (folder) => {
      const { id, folder: run } = await startDetached(folder, tiny());
      const live = await watchSalsa(["attach"], () => undefined, { folder });
      const later = await watchSalsa(["attach", id], () => undefined, { folder });
      const events = await logRecords(path.join(run, "events.jsonl"));
      for (const { code, stderr, lines } of [live, later]) {
        assert.deepEqual([code, stderr], [0, ""]);
        assert.deepEqual(lines.slice(0, -1), events);
        const result: JsonLine | undefined = lines.at(-1);
        assert.ok(result?.kind === "result");
        assert.deepEqual([result["id"], result["folder"], result["status"]], [id, run, "finished"]);
        assert.ok((result["tables"] as unknown[]).length > 0);
      }
    });
  });

  it("are shown by attach as run shows them", async () => {
    await withEngines(async (folder) => {
      await startDetached(folder, tiny());
      const { code, stdout, stderr } = await salsa(["attach"], { folder });
      assert.equal(code, 0);
      assert.match(stderr, /^Run tiny-1 on wasm, 1 thread \(auto: cuda: .+\)\ndone: 1\/\d+ Base model: base/);
      assert.match(stdout, /Win rates[^]*Files: \.salsa\/runs\/tiny-1\n/);
    });
  });

  it("go on when attach is left with Ctrl-C, until stop", async () => {
    await withEngines(async (folder) => {
      const { id, folder: run } = await startDetached(folder, ENDLESS);
      const attached = spawnSalsa(["attach"], { folder });
      assert.ok(attached.stderr !== null);
      const left = once(attached, "close") as Promise<[number]>;
      let stderr = "";
      attached.stderr.on("data", (data: Buffer) => {
        stderr += data.toString();
        if (stderr.includes("done:") && !attached.killed) attached.kill("SIGINT");
      });
      const [code] = await left;
      assert.equal(code, 0);
      assert.match(stderr, /\nLeaving; the run goes on\nAttach again with: node .*salsa\.mjs attach endless-1\n$/);

      const watched = await watch(run);
      await watched.until(hasSteps("ppo", 2));
      const stopped = await salsa(["stop"], { folder });
      assert.deepEqual([stopped.code, stopped.stderr], [0, "Stopping endless-1 after its running step\n"]);
      assert.match(stopped.stdout, /^Stopped endless-1 and saved; go on with: node .*salsa\.mjs resume endless-1\n$/);
      assert.equal((await watched.ended).status, "stopped");
      const after = await salsa(["attach", id], { folder });
      assert.equal(after.code, 130);
      assert.match(after.stderr, /Stopped and saved; go on with: node .*salsa\.mjs resume endless-1\n$/);
      const message = /no engine works on this run, which was stopped; go on with salsa resume\n$/;
      assertClearError(await salsa(["stop"], { folder }), { code: 1, message });
    });
  });

  it("are resumed in the background as well, and stopped with JSON for scripts", async () => {
    await withEngines(async (folder) => {
      const { id, folder: run, pid } = await startDetached(folder, ENDLESS);
      const first = await watch(run);
      await first.until(hasSteps("ppo", 2));
      kill(pid);
      assert.equal((await first.ended).status, "lost");
      const lost = await salsa(["attach"], { folder });
      assertClearError(lost, {
        code: 1,
        message: /the run's process died without a word; its engine\.log may tell more/,
      });
      assert.match(lost.stderr, /go on with: node .*salsa\.mjs resume endless-1\n/);
      await fs.rm(path.join(run, "engine.log")); // as in the foreground
      assert.match((await salsa(["attach"], { folder })).stderr, /the run's process died without a word\n$/);
      const { code, stdout } = await salsa(["resume", "--detach", "--json"], { folder });
      assert.equal(code, 0);
      assert.equal((JSON.parse(stdout) as Started).id, id);
      const stopped = await salsa(["stop", "--json"], { folder });
      assert.deepEqual(JSON.parse(stopped.stdout), { kind: "stopped", id, folder: run, status: "stopped" });
    });
  });

  it("are not started for a config that is wrong", async () => {
    await withEngines(async (folder) => {
      await fs.writeFile(path.join(folder, "bad.salsa.json"), '{ "task": { "name": "none" } }');
      const ended = await salsa(["run", "bad.salsa.json", "--detach"], { folder });
      assertClearError(ended, { code: 2, message: /bad\.salsa\.json:1:\d+ {2}task/ });
      assert.deepEqual(await fs.readdir(folder), ["bad.salsa.json"]);
    });
  });

  it("that failed are reported by attach with what failed", async () => {
    await withEngines(async (folder) => {
      const diverging = tiny({ sft: { learningRate: 1, weightDecay: 100, steps: 60, schedule: "constant" } });
      await startDetached(folder, diverging);
      const { code, stdout } = await salsa(["attach", "--json"], { folder });
      const last = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as { kind: string; message: string };
      assert.deepEqual([code, last.kind], [1, "error"]);
      assert.match(last.message, /sft step \d+: .*; lower the learning rate/);
    });
  });
});

describe("a run in the foreground", function () {
  this.timeout(240_000);

  it("is watched and stopped from another terminal, and goes on when resumed", async () => {
    await withEngines(async (folder) => {
      await fs.writeFile(path.join(folder, "tiny.salsa.json"), JSON.stringify(ENDLESS));
      const begun = Promise.withResolvers<undefined>();
      const running = watchSalsa(
        ["run", "tiny.salsa.json"],
        (line) => {
          if (line.kind === "progress" && line.stage === "ppo" && line.step > 2) begun.resolve(undefined);
        },
        { folder },
      );
      await begun.promise;
      const attached = watchSalsa(["attach"], () => undefined, { folder });
      const stopped = await salsa(["stop", "--json"], { folder });
      const run = path.join(await fs.realpath(folder), ".salsa/runs/endless-1");
      const { kind, id, status } = JSON.parse(stopped.stdout) as JsonLine & Record<"id" | "status", unknown>;
      assert.deepEqual([kind, id, status], ["stopped", "endless-1", "stopped"], stopped.stderr);

      const [there, seen] = await Promise.all([running, attached]);
      assert.deepEqual([there.code, seen.code], [130, 130]);
      assert.equal(there.lines.at(-1)?.["status" as "kind"], "stopped");
      const notes = there.lines.map((line) => (line.kind === "note" ? line.message : ""));
      assert.ok(notes.includes("a file in its folder asks for a stop"));
      assert.deepEqual(seen.lines.slice(0, -1), await logRecords(path.join(run, "events.jsonl")));

      // The file was for the process before this one.
      const resumed = await watchSalsa(
        ["resume"],
        (line, child) => {
          if (line.kind === "progress" && line.stage === "ppo") child.kill("SIGINT");
        },
        { folder },
      );
      assert.equal(resumed.code, 130);
      const { lines } = resumed;
      assert.ok(lines.some((line) => line.kind === "runStarted" && line.resumed));
      assert.ok(!lines.some((line) => line.kind === "note" && line.message.includes("asks for a stop")));
    });
  });
});

describe("Ctrl-C", () => {
  it("is answered by commands that follow a run with what it does there", () => {
    assert.equal(interruptNotice(["attach"]), "Leaving; the run goes on");
    assert.equal(interruptNotice(["stop", "demo-1"]), "Not waiting; the run stops after its running step");
    assert.equal(interruptNotice(["run", "a.salsa.json"]), undefined);
    assert.equal(interruptNotice([]), undefined);
  });
});

describe("the progress view", () => {
  it("says how many runs a queued one waits for, or what else", () => {
    const terminal = screen();
    const queued = { kind: "runQueued", time: 1, sequence: 0, run: "demo-2", name: "demo", device: "cpu" } as const;
    const view = progressView(terminal);
    view.show({ ...queued, ahead: 2 });
    view.show({ ...queued, ahead: 1 });
    view.show({ ...queued, device: "http://head:8265", reason: "connecting" });
    assert.equal(
      terminal.stderr(),
      "demo-2 waits for cpu: 2 runs ahead of it\ndemo-2 waits for cpu: 1 run ahead of it\n" +
        "demo-2 waits for http://head:8265: connecting\n",
    );
  });
});
