import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deathFailure, isRecent } from "../../../extension/engine/failures.ts";
import type { Runtime } from "../../../extension/engine/runtime.ts";
import { startService } from "../../../extension/engine/serviceProcess.ts";

const FAULTY = fileURLToPath(new URL("faultyService.ts", import.meta.url));

// Windows starts no file by its mode and first line: other files fail there with another message.
if (process.platform !== "win32")
  describe("startService on a Node that is none", () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "salsa-node-"));
    });
    afterEach(() => rm(folder, { recursive: true }));

    async function start(content: string | Uint8Array, changes: Partial<Runtime> = {}): Promise<void> {
      const node = join(folder, "node");
      await writeFile(node, content);
      await chmod(node, 0o755);
      const settings = { client: "test", isTrusted: false, onNotification: () => undefined, onText: () => undefined };
      const process = await startService({ node, main: FAULTY, env: {}, isOwnNode: false, ...changes }, settings);
      process.close();
    }

    it("names the platform when the file was made for another processor", async () => {
      const elf = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0xf7, 0xff);
      await assert.rejects(start(elf), (error: Error) => {
        assert.match(
          error.message,
          /was made for another processor or system than \w+-\w+\. Install the SALSA package/,
        );
        return true;
      });
    });

    it("says that a library is not here when the loader is missing", async () => {
      await assert.rejects(start("#!/no/such/loader\n"), /needs a system library that is not here\. Install/);
    });

    it("says how old a Node is that does not run the engine", async () => {
      const old = `#!/bin/sh\nif [ "$1" = --version ]; then echo v20.11.1; exit 0; fi\necho "SyntaxError: new words" >&2\nexit 1\n`;
      await assert.rejects(
        start(old, { isOwnNode: true }),
        /needs Node 24 or newer, and .*node is v20\.11\.1\. Name a Node 24 or newer in the setting salsa\.nodePath, or empty/,
      );
    });

    it("says that a program that is no Node does not tell a version", async () => {
      await assert.rejects(
        start("#!/bin/sh\nexit 2\n"),
        /ended as it started \(exit code 2\); .* does not report a version/,
      );
    });
  });

describe("deathFailure", () => {
  const death = (words: string): string => deathFailure({ code: null, signal: "SIGKILL", words }).message;

  it("quotes the error, not the stack and the version that Node prints after it", () => {
    const words = "file:1\nthrow new Error()\n^\n\nRangeError: too far\n    at a (b:1)\n\nNode.js v24.21.0\n";
    assert.equal(death(words), "The engine service ended unexpectedly (SIGKILL): RangeError: too far");
  });

  it("quotes the last line where none looks like an error, and nothing where there is none", () => {
    assert.equal(death("one\ntwo\n"), "The engine service ended unexpectedly (SIGKILL): two");
    assert.equal(death(""), "The engine service ended unexpectedly (SIGKILL)");
  });

  it("names a full disk", () => {
    assert.match(death("Error: ENOSPC: no space left on device\n"), /disk is full/);
  });
});

describe("isRecent", () => {
  it("wants version 24", () => {
    assert.deepEqual(["v24.0.0", "v100.1.0", "v22.9.0", "nonsense"].map(isRecent), [true, true, false, false]);
  });
});
