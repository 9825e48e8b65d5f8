import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ServiceError, ToolError } from "../../../extension/engine/errors.ts";
import { runTool } from "../../../extension/engine/toolRunner.ts";
import { salsaProgram } from "../../program.ts";

const ENGINE = salsaProgram();
const DEMO = fileURLToPath(new URL("../../../examples/miniinstruct/demo.salsa.json", import.meta.url));

describe("runTool", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-tool-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function run(args: readonly string[], { main = ENGINE, abort = new AbortController(), grace = 10_000 } = {}) {
    const printed: unknown[] = [];
    const runtime = { node: process.execPath, main, env: process.env, isOwnNode: false };
    const onLine = (line: unknown): void => {
      printed.push(line);
      if (line === "working") abort.abort();
    };
    const last = await runTool(args, runtime, { folder, signal: abort.signal, onLine, onText: () => undefined, grace });
    return { printed, last };
  }

  /** A tool of that source. */
  async function tool(source: string): Promise<{ readonly main: string }> {
    const main = join(folder, "tool.js");
    await writeFile(main, source);
    return { main };
  }

  it("gives the engine's last line, and each line as it comes", async () => {
    const { printed, last } = await run(["plan", DEMO]);
    assert.equal((last as { readonly name: string }).name, "demo");
    assert.deepEqual(printed, [last]);
  });

  it("throws the engine's own message, with what is wrong in a config", async () => {
    await writeFile(join(folder, "bad.salsa.json"), `{ "nmae": "x" }`);
    await assert.rejects(run(["plan", "bad.salsa.json"]), (error: ToolError) => {
      assert.ok(error instanceof ToolError);
      assert.equal(error.error, "ConfigError");
      assert.ok(error.issues.some(({ line, path }) => line === 1 && path === "nmae"));
      return true;
    });
  });

  it("passes over lines that are no JSON, and puts together those that come in pieces", async () => {
    const source = `process.stdout.write("hello\\n{\\"a\\":"); setTimeout(() => process.stdout.write("1}\\n\\n2"), 20);`;
    assert.deepEqual((await run([], await tool(source))).printed, [{ a: 1 }, 2]);
  });

  it("says how a tool ended that printed nothing", async () => {
    const source = `throw new RangeError("far too far")`;
    await assert.rejects(run([], await tool(source)), /ended as it started \(exit code 1\): RangeError: far too far/);
  });

  it("interrupts a tool that is cancelled, which may finish its step", async () => {
    const source = `process.on("SIGINT", () => { console.log('"saved"'); process.exit(130); });
      console.log('"working"'); setInterval(() => {}, 1000);`;
    const abort = new AbortController();
    await assert.rejects(run([], { ...(await tool(source)), abort }), isCancelled);
    await assert.rejects(run(["plan", DEMO], { abort }), isCancelled);
  });

  it("kills a tool that does not listen to the interrupt", async () => {
    const source = `process.on("SIGINT", () => {}); console.log('"working"'); setInterval(() => {}, 1000);`;
    await assert.rejects(run([], { ...(await tool(source)), grace: 50 }), isCancelled);
  });
});

function isCancelled(error: unknown): boolean {
  return error instanceof ServiceError && error.kind === "cancelled";
}
