import { mkdtempSync, rmSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";

// Each of mocha's processes has its own sockets and queues for devices, so that no run of another one, or of anybody who
// runs the tests, is waited for.
const folder = mkdtempSync(join(tmpdir(), "salsa-rt-"));
process.env["SALSA_RUNTIME_DIR"] = folder;
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

// Compiling our sources is half the start of each of the hundreds of processes that tests start.
const cache = join(import.meta.dirname, "..", "out", "compileCache");
process.env["NODE_COMPILE_CACHE"] = cache;
enableCompileCache(cache);

// The gate tries the same cases each time, so that it tells of the change alone; everybody else tries new ones.
if (process.env["CI"] !== undefined) fc.configureGlobal({ seed: 1 });

const rejections: unknown[] = [];
let isOver = false;

/**
 * Mocha 12 emits a rejection again, and drops it where nobody listens. To throw it fails the test at work, which may be over
 * before its promise is, and then mocha ends the process: so that is left to the time when nothing is at work.
 */
function hear(reason: unknown): void {
  if (isOver) throw reason;
  rejections.push(reason);
}

/** Fails on the first rejection that nobody has handled. */
function checkRejections(): void {
  const [first] = rejections;
  if (rejections.splice(0).length > 0) throw first;
}

export const mochaHooks = {
  // Of each file in a worker process, which loses its listeners with every file's end.
  beforeAll(): void {
    isOver = false;
    process.on("unhandledRejection", hear);
  },
  afterEach: checkRejections,
  afterAll(): void {
    isOver = true;
    checkRejections();
  },
};
