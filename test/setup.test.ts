import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const LEAVES_ONE = `
it("passes", () => {});
it("leaves a rejection", () => { void Promise.reject(new Error("nobody hears")); });`;
const LEAVES_ONE_LATER = `
it("passes", () => {});
after(() => { setTimeout(() => Promise.reject(new Error("too late")), 50); });`;

describe("mocha, as it is set up", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-setup-"));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  async function written(name: string, text: string): Promise<string> {
    const file = join(folder, `${name}.test.ts`);
    await writeFile(file, text);
    return file;
  }

  it("names the test that leaves a rejection", async () => {
    const { code, output } = await mocha("--no-parallel", await written("one", LEAVES_ONE));
    assert.notEqual(code, 0, output);
    assert.match(output, /"after each" hook: checkRejections for "leaves a rejection"/);
    assert.match(output, /nobody hears/);
  });

  it("does so for each file of a process", async () => {
    const files = await Promise.all([1, 2, 3].map((number) => written(`of${number}`, LEAVES_ONE)));
    const { code, output } = await mocha("--jobs", "2", ...files);
    assert.notEqual(code, 0, output);
    assert.equal(output.match(/nobody hears/g)?.length, 3, output);
  });

  it("fails for a rejection after the last test", async () => {
    const { code, output } = await mocha("--no-parallel", await written("later", LEAVES_ONE_LATER));
    assert.notEqual(code, 0, output);
    assert.match(output, /too late/);
  });
});

interface Ran {
  readonly code: number | string | null | undefined;
  readonly output: string;
}

function mocha(...args: readonly string[]): Promise<Ran> {
  const bin = join(ROOT, "node_modules/mocha/bin/mocha.js");
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    );
    child.stdin?.end();
  });
}
