import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { createServer } from "node:net";
import * as path from "node:path";
import { newAddress, runtimeFolder, sweepRuntimeFolder } from "../../../engine/server/address.ts";
import { RunServer } from "../../../engine/server/runServer.ts";
import { inRuntimeFolder } from "./served.ts";

/** Long enough ago for a socket to have been listened on, if ever. */
const LONG_AGO = new Date(Date.now() - 3_600_000);

describe("the runtime folder", () => {
  it("is made for this user alone", async () => {
    await inRuntimeFolder(async (folder) => {
      const inner = path.join(folder, "a", "b");
      process.env["SALSA_RUNTIME_DIR"] = inner;
      assert.equal(await runtimeFolder(), inner);
      assert.equal((await fs.stat(inner)).mode & 0o777, 0o700);
    });
  });

  it("is short without a setting, so that any run can be served", async () => {
    await inRuntimeFolder(async () => {
      delete process.env["SALSA_RUNTIME_DIR"];
      const address = await newAddress();
      assert.ok(Buffer.byteLength(address) <= 103, address);
    });
  });

  it("is refused when others may write to it", async () => {
    await inRuntimeFolder(async (folder) => {
      await fs.chmod(folder, 0o777);
      await assert.rejects(newAddress(), { name: "DiskError", message: /is open to other users; chmod 700 it/ });
    });
  });

  it("is refused when it is a link, which somebody may have laid", async () => {
    await inRuntimeFolder(async (folder) => {
      const link = path.join(folder, "link");
      await fs.symlink(folder, link);
      process.env["SALSA_RUNTIME_DIR"] = link;
      await assert.rejects(newAddress(), { name: "DiskError", message: /link: is not a folder; move it away/ });
    });
  });

  it("is refused with what to do when sockets in it would have too long a path", async () => {
    await inRuntimeFolder(async (folder) => {
      process.env["SALSA_RUNTIME_DIR"] = path.join(folder, "long".repeat(20));
      await assert.rejects(newAddress(), {
        name: "DiskError",
        message:
          /\.sock: too long for a socket, which takes 103 bytes; set SALSA_RUNTIME_DIR to a folder with a shorter/,
      });
    });
  });

  it("is refused with what to do when it cannot be made", async () => {
    await inRuntimeFolder(async (folder) => {
      const file = path.join(folder, "file");
      await fs.writeFile(file, "");
      process.env["SALSA_RUNTIME_DIR"] = path.join(file, "below");
      await assert.rejects(newAddress(), { name: "DiskError", message: /create folder: a part of the path is a file/ });
    });
  });

  it("is swept of sockets that killed processes left, and of no others", async () => {
    await inRuntimeFolder(async (folder) => {
      const [dead, young, live] = [await newAddress(), await newAddress(), await newAddress()];
      const script = `for (const name of process.argv.slice(1)) require("net").createServer().listen(name, () => console.log(1));`;
      const child = spawn(process.execPath, ["-e", script, dead, young], { stdio: ["ignore", "pipe", "inherit"] });
      let listening = 0;
      for await (const text of child.stdout) {
        listening += String(text).split("\n").length - 1;
        if (listening === 2) break;
      }
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      const server = createServer().listen(live);
      await once(server, "listening");
      await fs.writeFile(path.join(folder, "notes"), "");
      for (const file of [dead, live]) await fs.utimes(file, LONG_AGO, LONG_AGO);
      await sweepRuntimeFolder(folder);
      assert.deepEqual((await fs.readdir(folder)).sort(), [path.basename(young), path.basename(live), "notes"].sort());
      server.close();
    });
  });

  it("cannot hold a socket where one is listened on already, which is said", async () => {
    await inRuntimeFolder(async () => {
      const address = await newAddress();
      const server = createServer().listen(address);
      await once(server, "listening");
      const settings = { address, version: "1", stop: () => undefined, log: () => undefined };
      await assert.rejects(RunServer.listen(settings), { name: "DiskError", message: /listen: EADDRINUSE/ });
      server.close();
    });
  });
});
