import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import builtin, { closeSync, openSync } from "node:fs";
import * as fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import * as path from "node:path";
import { promisify } from "node:util";
import { DiskError } from "../../engine/protocol/errors.ts";
import { artifactKey, Artifacts } from "../../engine/storage/artifacts.ts";
import { atomicWrite, onDisk } from "../../engine/storage/disk.ts";
import { JsonLog } from "../../engine/storage/jsonLog.ts";
import { openSavepoint } from "../../engine/storage/savepoints.ts";
import { logRecords } from "../engine/storage/logRecords.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";

const ENGINE = new URL("../../engine/storage/", import.meta.url).href;

interface Outcome {
  readonly name: string;
  readonly message: string;
  readonly file: string;
}

/**
 * Runs a script in a process that may write files of at most 64 KiB each: the system's own limit, so that writes fail
 * half-way, in the middle of a file, as on a full disk. Gives the error that the script ended with.
 */
async function withSmallDisk(script: string): Promise<Outcome> {
  const reported = `try { ${script} } catch ({ name, message, file }) { console.log(JSON.stringify({ name, message, file })); }`;
  const imports = ["artifacts", "savepoints", "safetensorsWriter"].map(
    (module) => `import * as ${module} from "${ENGINE}${module}.ts";`,
  );
  const program = [...imports, 'import * as fs from "node:fs/promises";', reported].join("\n");
  const shell = 'trap "" XFSZ; ulimit -f 128; exec "$0" --input-type=module-typescript -e "$1"'; // in blocks of 512 bytes
  const { stdout } = await promisify(execFile)("sh", ["-c", shell, process.execPath, program]);
  return JSON.parse(stdout) as Outcome;
}

/** Runs work whose writes the system refuses as `/dev/full` does, which no log is opened through. */
function onFullDisk(work: () => void): void {
  const { writeSync } = builtin;
  const full = openSync("/dev/full", "w");
  const toFull = (_: number, bytes: NodeJS.ArrayBufferView): number => writeSync(full, bytes);
  try {
    Object.assign(builtin, { writeSync: toFull });
    syncBuiltinESMExports();
    work();
  } finally {
    Object.assign(builtin, { writeSync });
    syncBuiltinESMExports();
    closeSync(full);
  }
}

const BIG = "new Float32Array(100_000)"; // 400 kB

describe("a full disk", () => {
  it("is reported with the file and what to do when a log cannot grow", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "events.jsonl");
      const log = new JsonLog(file);
      assert.throws(
        () => onFullDisk(() => log.append({ kind: "started" })),
        (error: unknown) => {
          assert.ok(error instanceof DiskError);
          assert.equal(error.file, file);
          assert.match(
            error.message,
            /events\.jsonl: append: no space left on the disk; free some space and run again/,
          );
          assert.equal((error.cause as NodeJS.ErrnoException).code, "ENOSPC");
          return true;
        },
      );
      log.close();
      assert.equal((await fs.stat(file)).size, 0);
    });
  });

  it("leaves no part of a record in a log", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "events.jsonl");
      const outcome = await withSmallDisk(`
        const { JsonLog } = await import("${ENGINE}jsonLog.ts");
        const log = new JsonLog(${JSON.stringify(file)});
        for (;;) log.append({ text: "x".repeat(1000) });`);
      assert.equal(outcome.name, "DiskError");
      const records = await logRecords(file);
      assert.equal(
        (await fs.stat(file)).size,
        records.length * (JSON.stringify({ text: "x".repeat(1000) }).length + 1),
      );
    });
  });

  it("stops a checkpoint from being written, removes its part, and leaves the old one", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "model.safetensors");
      await fs.writeFile(file, "old");
      const outcome = await withSmallDisk(`
        await safetensorsWriter.writeSafetensors(${JSON.stringify(file)}, new Map([["w", { shape: [100_000], data: ${BIG} }]]));`);
      assert.deepEqual([outcome.name, outcome.file], ["DiskError", file]);
      assert.match(outcome.message, /write: the file would be larger than this system allows; raise the limit/);
      assert.deepEqual(await fs.readdir(folder), ["model.safetensors"]);
      assert.equal(await fs.readFile(file, "utf8"), "old");
    });
  });

  it("leaves finished artifacts and the last savepoint untouched", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const key = artifactKey("sft", { seed: 1 });
      await artifacts.create(key, (folder) => fs.writeFile(path.join(folder, "weights"), "w".repeat(1e5)));
      const work = path.join(root, "work");
      const outcome = await withSmallDisk(`
        const fill = (bytes) => (folder) => fs.writeFile(folder + "/weights", "w".repeat(bytes));
        await savepoints.replaceSavepoint(${JSON.stringify(work)}, fill(10));
        let first;
        await savepoints.replaceSavepoint(${JSON.stringify(work)}, fill(1e5)).catch((error) => { first = error; });
        const store = new artifacts.Artifacts(${JSON.stringify(root)});
        await store.create(artifacts.artifactKey("rlhf", {}), fill(1e5)).catch((error) => { if (first?.name === error.name) throw error; });`);
      assert.equal(outcome.name, "DiskError");
      await artifacts.verify(key);
      assert.deepEqual(await fs.readdir(artifacts.folder), [path.basename(artifacts.path(key))]);
      const state = await openSavepoint(work);
      assert.equal(await fs.readFile(path.join(state ?? "", "weights"), "utf8"), "w".repeat(10));
    });
  });
});

describe("a disk that cannot be written", () => {
  it("is reported with the file and what to do", async () => {
    await inTemporaryFolder(async (folder) => {
      const blocked = path.join(folder, "blocked");
      await fs.writeFile(blocked, "");
      const cases: [string, RegExp][] = [
        [path.join(blocked, "a.json"), /a part of the path is a file/],
        [path.join(folder, "none", "a.json"), /no such file or folder; check the path/],
      ];
      for (const [file, message] of cases) {
        await assert.rejects(
          atomicWrite(file, "x"),
          (error) => error instanceof DiskError && message.test(error.message) && error.file === file,
        );
      }
      await assert.rejects(
        new Artifacts(blocked).create(artifactKey("sft", {}), () => Promise.resolve()),
        DiskError,
      );
    });
  });

  it("differs from errors that are not the disk's", async () => {
    const error = new TypeError("a slip");
    await assert.rejects(
      onDisk("write", "x", () => Promise.reject(error)),
      error,
    );
  });
});
