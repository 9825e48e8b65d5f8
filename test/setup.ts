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
