import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";
import { EXIT, gpu } from "./gpu.ts";
import type { Report } from "./report.ts";

/** Runs the script; returns its code, what it printed, and the JSON, where it wrote one. */
async function run(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly text: string; readonly report: Report }> {
  return inTemporaryFolder(async (folder) => {
    const file = join(folder, "gpu.json");
    let text = "";
    const code = await gpu([...args, "--json", file], (more) => (text += more));
    const report = JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Report;
    return { code, text, report };
  });
}

describe("npm run gpu", function () {
  this.timeout(300_000);

  it("does all of its own work on the interpreter of PTX, and tells what came of each part", async () => {
    const only = ["contract", "selfCheck", "rates", "train.135m", "train.7b", "decode.135m", "ppo", "startup"];
    const { code, text, report } = await run(
      "--interpreter",
      ...only.flatMap((name) => ["--only", name]),
      ...["--cases", "holds integers exactly|sumSquares", "--minutes", "20"],
    );
    assert.equal(code, EXIT.ok, text);
    const { parts, measured, figures } = report;
    assert.ok(report.isInterpreted);
    assert.deepEqual(
      parts.map(({ name, state }) => [name, state]).filter(([, state]) => state !== "passed"),
      [],
    );
    assert.ok((parts[0]?.passed ?? 0) > 2);
    for (const name of [
      ...["rates.copy.within", "rates.copy.toCard", "rates.product.f32.33", "rates.bytes.rmsNorm"],
      ...["train.135m.bf16.tokensPerSecond", "train.135m.f32.tokensPerSecond", "train.7b.bf16.tokensPerSecond"],
      ...["train.135m.cublas.tokensPerSecond", "train.7b.cublas.tokensPerSecond", "rates.cublas.product.bf16.33"],
      ...["decode.135m.1.tokensPerSecond", "decode.135m.2.bytesPerSecond", "ppo.135m.seconds", "startup.135m.seconds"],
    ]) {
      assert.ok((measured[name] ?? 0) > 0, name);
    }
    assert.ok((measured["train.135m.f32.lastLoss"] ?? NaN) < (measured["train.135m.f32.firstLoss"] ?? NaN));
    assert.ok(figures.some(({ name }) => name === "gpu.startup.seconds"));
    assert.match(text, /on the interpreter of PTX: the times say nothing/);
    assert.match(text, /gpu\.kernel\.add\.vsCopy +[\d.e-]+ +at least 0\.8/);
  });

  it("says that there is no such card, with a code of its own", async () => {
    const { code, text } = await run("--card", "77");
    assert.equal(code, EXIT.noCard);
    assert.match(text, /^gpu: no card: /);
  });

  it("leaves out what there is no time for, and comparisons where there is no Python for them", async () => {
    const { code, report } = await run("--interpreter", "--only", "torch.rates", "--python", "/no/such/python");
    assert.equal(code, EXIT.ok);
    assert.equal(report.parts[0]?.state, "failed");
    const late = await run("--interpreter", "--only", "contract", "--minutes", "0.001");
    assert.deepEqual(late.report.parts.slice(0, 1), [
      { name: "contract", state: "left out", seconds: 0, reason: "no time was left" },
    ]);
  });

  it("explains itself, and refuses options that it does not know", async () => {
    assert.match((await run("--help")).text, /--interpreter/);
    for (const args of [["--only", "contrct"], ["--card", "x"], ["--minutes", "0"], ["--no-such"], ["--planned"]]) {
      const { code, text } = await run(...args);
      assert.equal(code, EXIT.usage, args.join(" "));
      assert.match(text, /^gpu: /);
    }
  });
});
