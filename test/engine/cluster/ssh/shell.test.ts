import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import * as path from "node:path";
import { sshError } from "../../../../engine/cluster/ssh/hostError.ts";
import { agentCommand, machineOf, misfitOf, takeCommand } from "../../../../engine/cluster/ssh/shell.ts";
import { tarGz } from "../../../../engine/cluster/ssh/tar.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const DIGEST = "0123456789abcdef0123456789abcdef";
/** In place of a Node. */
const NODE = Buffer.from('#!/bin/sh\necho node "$@"\n');

describe("the machine of a host", () => {
  const desk = machineOf(["Linux", "x86_64", "glibc 2.36", "/dev/sda1 100 40 1024 40% /"]);

  it("is read from what its own programs print", () => {
    assert.deepEqual(desk, { system: "Linux", processor: "x86_64", libc: "glibc 2.36", freeBytes: 2 ** 20 });
    assert.equal(machineOf(["Linux", "x86_64", "none", "unheard of"]).freeBytes, undefined);
  });

  it("takes the program of the same kind of machine, and says why another one does not", () => {
    assert.equal(misfitOf(desk, "x64"), undefined);
    assert.equal(misfitOf({ ...desk, libc: "glibc 3.0" }, "x64"), undefined);
    assert.match(misfitOf({ ...desk, system: "Darwin" }, "x64") ?? "", /runs Darwin, and the program is for Linux/);
    assert.match(misfitOf({ ...desk, processor: "aarch64" }, "x64") ?? "", /processor is aarch64, .* is x64/);
    assert.match(
      misfitOf({ ...desk, libc: "glibc 2.17" }, "x64") ?? "",
      /glibc 2.17, and the program needs glibc 2.28/,
    );
    assert.match(misfitOf({ ...desk, libc: "none" }, "x64") ?? "", /not glibc/);
  });
});

describe("the error of ssh", () => {
  const cases: readonly [words: string, code: number | null, message: RegExp][] = [
    ["root@desk: Permission denied (publickey,password).", 255, /takes no key .*ssh-copy-id desk/],
    ["Host key verification failed.", 255, /not trusted yet; connect once/],
    [
      "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
      255,
      /another one than before/,
    ],
    ["ssh: Could not resolve hostname desk: Name or service not known", 255, /knows no such host/],
    ["ssh: connect to host desk port 22: Connection refused", 255, /does not come about \(.*refused\)/],
    ["", 255, /the connection was lost/],
    ["tar: node: Cannot write: No space left on device", 2, /its disk is full; free 1 GB/],
    ["mkdir: cannot create directory '/home/me/.salsa': Permission denied", 1, /may not be written/],
    ["sh: 1: tar: not found", 127, /lacks a program/],
  ];
  for (const [words, code, message] of cases) {
    it(`is worded: ${words.slice(0, 40).replaceAll("\n", " ")}`, () =>
      assert.match(sshError("desk", code, words).message, message));
  }
});

if (process.platform === "linux")
  describe("the commands for a host", () => {
    /** Runs a command as sshd does, by the shell of an account whose home is the folder. */
    const shell = (command: string, home: string, input?: Uint8Array): ReturnType<typeof spawnSync> =>
      spawnSync("/bin/sh", ["-c", command], { env: { ...process.env, HOME: home }, input, encoding: "utf8" });

    it("say what the machine is, take the program, and then begin it, in a home whose name has spaces", async () => {
      await inTemporaryFolder(async (folder) => {
        const home = path.join(folder, "a home");
        const { stdout: before } = shell(`mkdir "${home}"; ${agentCommand(DIGEST)}`, home);
        const [first, ...about] = String(before).split("\n");
        assert.equal(first, "salsa-lacks");
        assert.equal(machineOf(about).system, "Linux");
        const content = Buffer.alloc(70_000, "x");
        const packed = await tarGz([
          { name: "node", content: NODE, mode: 0o755 },
          { name: "dist/engine/kernels/a.bin", content, mode: 0o644 },
        ]);
        assert.match(String(shell(takeCommand(DIGEST), home, packed).stdout), /salsa-took\n$/);
        assert.match(String(shell(agentCommand(DIGEST), home).stdout), /^node .*a home.*hostAgent\.js\n$/);
        // A second one, sent at the same time, changes nothing.
        assert.match(String(shell(takeCommand(DIGEST), home, packed).stdout), /salsa-took\n$/);
        assert.deepEqual(readdirSync(path.join(home, ".salsa/programs")), [DIGEST]);
      });
    });

    it("leave nothing of a copy that breaks off, wherever", async () => {
      const packed = await tarGz([{ name: "node", content: NODE, mode: 0o755 }]);
      for (const length of [0, 20, packed.length - 1]) {
        await inTemporaryFolder((home) => {
          const { stdout, status } = shell(takeCommand(DIGEST), home, packed.subarray(0, length));
          assert.doesNotMatch(String(stdout), /salsa-took/);
          assert.notEqual(status, 0);
          assert.deepEqual(readdirSync(path.join(home, ".salsa/programs")), []);
          return Promise.resolve();
        });
      }
    });

    it("take no digest that a shell would read otherwise", () => {
      for (const digest of ["", "$(id)", `${DIGEST}'`, "../../etc"]) {
        assert.throws(() => agentCommand(digest), RangeError);
        assert.throws(() => takeCommand(digest), RangeError);
      }
    });
  });
