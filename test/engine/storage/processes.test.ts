import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { isProcessAlive } from "../../../engine/storage/processes.ts";

/** Fields 3 and 22 of an entry of Linux's process table: a process's state, and when it started. */
function entryOf(pid: number): { readonly state: string; readonly started: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state, started: fields[18] ?? "" };
}

describe("a process that another looks for", () => {
  it("is dead if its entry goes while it is looked at", async function () {
    if (process.platform !== "linux") return this.skip();
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" });
    const { pid = 0 } = child;
    const { started } = entryOf(pid);
    assert.equal(await isProcessAlive({ pid, started }), true);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    // Its entry stays until this process's event loop turns, which takes it away before a busy pool has read it.
    while (entryOf(pid).state !== "Z");
    const busy = Array.from({ length: 16 }, () => promisify(pbkdf2)("", "", 200_000, 64, "sha512"));
    assert.equal(await isProcessAlive({ pid, started }), false);
    await Promise.all([gone, ...busy]);
  });
});
