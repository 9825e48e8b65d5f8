import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { type Written, tableFiles } from "../engine/pipeline/tinyRun.ts";
import { hasOtherMachine, onOtherMachine } from "./otherMachine.ts";
import { CLI } from "./trainer.ts";

/** The cluster of the tests. */
export interface ElsewhereTests {
  /** Where runs go; the one of this machine stands in `local`. */
  readonly folder: () => string;
  readonly onCluster: (cluster: Written, overrides?: Written) => Written;
}

/** A test of a run that is at work, from another machine. */
export function testElsewhere({ folder, onCluster }: ElsewhereTests): void {
  it("is watched, stopped and gone on with from another machine, which sees the shared folder elsewhere", async function () {
    if (!hasOtherMachine()) {
      process.stdout.write("*** NOT TESTED: a run from another machine, without unshare --map-root-user\n");
      return this.skip();
    }
    const [here, there, home] = ["here", "there", "home"].map((name) => path.join(folder(), name)) as [
      string,
      string,
      string,
    ];
    await Promise.all([here, there, home].map((one) => fs.mkdir(one)));
    const root = path.join(here, ".salsa");
    // All but the arms is there: the run of the first test has left it.
    await fs.cp(path.join(folder(), "local/.salsa/artifacts"), path.join(root, "artifacts"), {
      recursive: true,
      filter: (at) => !/^(rlhf|answers|judge|judg)/.test(path.basename(at)),
    });
    await fs.writeFile(path.join(here, "tiny.salsa.json"), JSON.stringify(onCluster({ sharedFolder: root })));
    const started = spawnSync(process.execPath, [CLI, "run", "tiny.salsa.json", "--yes", "--detach"], {
      cwd: here,
      encoding: "utf8",
    });
    assert.equal(started.status, 0, started.stderr);
    // It is described, and so can be found, once a machine of the cluster has said what it computes with.
    while (!existsSync(path.join(root, "runs/tiny-1/run.json"))) await setTimeout(100);

    const [program = "", ...within] = onOtherMachine(here, there);
    const elsewhere = (...args: readonly string[]): ChildProcess =>
      spawn(program, [...within, process.execPath, CLI, ...args, "--directory", path.join(there, ".salsa")], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, HOME: home, SALSA_RUNTIME_DIR: path.join(home, "run") },
      });
    const watching = elsewhere("attach", "--json");
    const seen: RunEvent[] = [];
    for await (const line of createInterface({ input: watching.stdout ?? assert.fail() })) {
      const event = JSON.parse(line) as RunEvent;
      seen.push(event);
      if (event.kind === "progress" && event.stage === "salsa" && event.step > 4) break;
    }
    const has = seen.map(({ kind }) => kind).join(" ");
    assert.match(has, /runStarted .*stageStarted .*progress$/, JSON.stringify(seen.at(-1)));
    watching.kill();

    const stopped = await ended(elsewhere("stop"));
    assert.match(stopped, /^Stopped tiny-1 and saved; go on with: /m);

    const resumed = await ended(elsewhere("resume", "--yes"));
    assert.match(resumed, /salsa/);
    const run = path.join(root, "runs/tiny-1");
    assert.deepEqual(await tableFiles(run), await tableFiles(path.join(folder(), "local/.salsa/runs/tiny-1")));
    const log = await fs.readFile(path.join(run, "events.jsonl"), "utf8");
    assert.match(log, /"status":"stopped"[^]*"resumed":true[^]*"status":"finished"/);
  });
}

/** Output of a command that must end well. */
async function ended(command: ChildProcess): Promise<string> {
  let [output, errors] = ["", ""];
  command.stdout?.on("data", (chunk: Buffer) => (output += String(chunk)));
  command.stderr?.on("data", (chunk: Buffer) => (errors += String(chunk)));
  const [code] = (await once(command, "close")) as [number | null];
  assert.equal(code, 0, `${output}\n${errors}`);
  return output;
}
