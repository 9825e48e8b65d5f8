import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { EXIT } from "../../../engine/cli/command.ts";
import { spawnSalsa } from "../../e2e/salsaProcess.ts";
import { ENDLESS, withEngines } from "../server/engines.ts";
import type { Outcome } from "./screen.ts";

const MAIN = fileURLToPath(new URL("../../../engine/cli/main.ts", import.meta.url));
const BIN = fileURLToPath(new URL("../../../engine/cli/salsa.mjs", import.meta.url));

async function start(file: string, ...argv: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [file, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close") as Promise<[number]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

describe("the salsa process", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-process-"));
  });
  after(() => rm(folder, { recursive: true }));

  for (const [what, file] of [
    ["main.ts", MAIN],
    ["salsa.mjs", BIN],
  ] as const) {
    it(`started by ${what} prints the package's version`, async () => {
      const { code, stdout, stderr } = await start(file, "--version");
      assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
      assert.deepEqual([code, stderr], [0, ""]);
    });

    it(`started by ${what} ends with 2 on a wrong config, without a stack`, async () => {
      const config = join(folder, "bad.salsa.json");
      await writeFile(config, "{\n  // nothing yet\n}");
      const { code, stdout, stderr } = await start(file, "run", config);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /^error: .*bad\.salsa\.json:1:1 {2}task or data is missing; add .*\n$/);
    });
  }

  it("ends quietly when its reader has seen enough", async () => {
    const child = spawn(process.execPath, [MAIN, "schema"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.once("data", () => child.stdout.destroy());
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "close") as Promise<[number]>]);
    assert.deepEqual([code, stderr], [0, ""]);
  });

  it("saves a run whose reader has seen enough", async function () {
    this.timeout(120_000);
    await withEngines(async (folder) => {
      await writeFile(join(folder, "endless.salsa.json"), JSON.stringify(ENDLESS));
      const child = spawnSalsa(["run", "endless.salsa.json", "--json"], { folder });
      assert.ok(child.stdout !== null && child.stderr !== null);
      child.stdout.once("data", () => child.stdout?.destroy());
      const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "close") as Promise<[number]>]);
      assert.deepEqual([code, stderr], [EXIT.interrupted, ""]);
      const events = await readFile(join(folder, ".salsa/runs/endless-1/events.jsonl"), "utf8");
      assert.match(events, /"kind":"runFinished","status":"stopped".*\n$/);
    });
  });

  for (const json of [[], ["--json"]]) {
    it(`saves a run that Ctrl-C stops with the reader of its output ${json.join("")}`.trim(), async function () {
      this.timeout(120_000);
      await withEngines(async (folder) => {
        await writeFile(join(folder, "endless.salsa.json"), JSON.stringify(ENDLESS));
        const child = spawnSalsa(["run", "endless.salsa.json", ...json], { folder });
        assert.ok(child.stdout !== null && child.stderr !== null);
        const ended = once(child, "exit") as Promise<[number]>;
        const [spoken] = json.length === 0 ? [child.stderr] : [child.stdout];
        spoken.once("data", () => {
          child.kill("SIGINT");
          child.stdout?.destroy();
          child.stderr?.destroy();
        });
        assert.equal((await ended)[0], EXIT.interrupted);
        const events = await readFile(join(folder, ".salsa/runs/endless-1/events.jsonl"), "utf8");
        assert.match(events, /"kind":"runFinished","status":"stopped".*\n$/);
      });
    });
  }
});
