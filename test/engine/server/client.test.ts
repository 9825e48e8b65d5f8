import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { createServer } from "node:net";
import { hostname } from "node:os";
import * as path from "node:path";
import { newAddress } from "../../../engine/server/address.ts";
import { connect } from "../../../engine/server/client.ts";
import { ElsewhereError } from "../../../engine/server/errors.ts";
import { readRunState } from "../../../engine/storage/runHistory.ts";
import { RunFolder, runPath } from "../../../engine/storage/runFolder.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { CLIENT, STARTED, inRuntimeFolder, serving } from "./served.ts";

const STORAGE = new URL("../../../engine/storage/runFolder.ts", import.meta.url).href;

/** Opens a run in another process, which is killed with the run running and a socket left behind. */
async function killedRun(root: string, address: string): Promise<string> {
  const event = JSON.stringify({ ...STARTED, time: 1, sequence: 0 });
  const script = `
    import { createServer } from "node:net";
    import { RunFolder } from ${JSON.stringify(STORAGE)};
    const run = await RunFolder.open(${JSON.stringify(root)}, "demo-1", ${JSON.stringify(address)});
    await run.writeRun({ id: "demo-1" });
    run.append("events", ${event});
    createServer().listen(${JSON.stringify(address)}, () => console.log("listening"));`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  return runPath(root, "demo-1");
}

describe("connect", () => {
  it("says that there is no such run", async () => {
    await inTemporaryFolder(async (folder) => {
      await assert.rejects(connect(path.join(folder, "runs", "none"), CLIENT), {
        name: "DataError",
        message: /none\/run\.json: read: no such file; check the run id/,
      });
    });
  });

  it("says that a run was lost whose process was killed, with its lock and socket still there", async () => {
    await inRuntimeFolder(async (root) => {
      const address = await newAddress();
      const folder = await killedRun(root, address);
      assert.ok((await fs.stat(address)).isSocket());
      assert.ok(await fs.stat(path.join(folder, "lock")));
      await assert.rejects(connect(folder, CLIENT), (error: Error & { state?: { status: string } }) => {
        assert.equal(error.name, "NotRunningError");
        assert.match(error.message, /no engine works on this run, which was cut off: its process died without a word/);
        assert.equal(error.state?.status, "lost");
        return true;
      });
      assert.equal((await readRunState(folder)).status, "lost");
    });
  });

  it("says how a run ended that nobody works on", async () => {
    await inTemporaryFolder(async (root) => {
      const run = await RunFolder.open(root, "demo-1");
      await run.writeRun({ id: "demo-1" });
      run.append("events", { ...STARTED, time: 1, sequence: 0 });
      run.append("events", { kind: "runFinished", status: "stopped", seconds: 1, time: 2, sequence: 1 });
      await run.close();
      const message = /demo-1: no engine works on this run, which was stopped; go on with salsa resume/;
      await assert.rejects(connect(run.folder, CLIENT), { name: "NotRunningError", message });
    });
  });

  it("says that a run in the foreground of another process is reached by its folder alone", async () => {
    await inTemporaryFolder(async (root) => {
      const run = await RunFolder.open(root, "demo-1");
      const message = new RegExp(
        `demo-1: it runs in the foreground of process ${process.pid} on ${hostname()}: salsa attach and salsa stop reach it`,
      );
      await assert.rejects(connect(run.folder, CLIENT), (error: Error) => {
        assert.ok(error instanceof ElsewhereError);
        assert.deepEqual([error.name, error.pid], ["UnreachableError", process.pid]);
        assert.match(error.message, message);
        return true;
      });
      await run.close();
    });
  });

  it("says that a living process does not answer when its socket is gone", async () => {
    await serving(async ({ folder, address }) => {
      await fs.rm(address);
      const message = /process \d+ on .* does not answer at .*\.sock \(connect ENOENT .*\); see its engine\.log/;
      await assert.rejects(connect(folder, CLIENT), { name: "UnreachableError", message });
    });
  });

  it("says so when whatever listens hangs up at once", async () => {
    const stranger = createServer((socket) => socket.destroy());
    const listen = async (): Promise<string> => {
      const address = await newAddress();
      stranger.listen(address);
      await once(stranger, "listening");
      return address;
    };
    await serving(
      async ({ folder }) => {
        const message = /does not answer at .* \((the engine closed the connection|.*ECONNRESET|.*EPIPE)\)/;
        await assert.rejects(connect(folder, CLIENT), { name: "UnreachableError", message });
      },
      { lockAddress: listen },
    );
    stranger.close();
  });

  it("fails requests whose answer the engine's end cuts off", async () => {
    await serving(async (run) => {
      const connection = await connect(run.folder, CLIENT);
      const closed = new Promise<void>((resolve) => connection.onClose(resolve));
      connection.close();
      await assert.rejects(connection.snapshot(), /closed/);
      await closed;
      await assert.rejects(connection.stop(), /closed/);
    });
  });
});
