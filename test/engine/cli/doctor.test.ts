import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { allBackends } from "../../../engine/compute/backends/registry.ts";
import { salsa } from "./screen.ts";
import { hasCompiler } from "../compute/backends/cuda/compiler.ts";

/** A line for each backend that the engine has, with its parts, between those about the machine. */
async function names(): Promise<readonly string[]> {
  const backends = await Promise.all(
    (await allBackends()).map(async (descriptor) => {
      const { parts } = await descriptor.probe({ threads: 0 });
      return [`backend ${descriptor.name}`, ...parts.map((part) => part.name)];
    }),
  );
  const machine = ["Node", "processor", "memory"];
  return [...machine, ...backends.flat(), "runtime.backend auto", "disk space", "run folder", "git"];
}

const reportSchema = z.strictObject({
  ok: z.boolean(),
  findings: z.array(
    z.strictObject({
      name: z.string(),
      state: z.enum(["ok", "optional", "missing"]),
      detail: z.string().min(1),
      remedy: z.string().min(1).optional(),
    }),
  ),
});

describe("salsa doctor", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-doctor-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("looks at everything a run depends on, with a remedy for all that is not there", async () => {
    const { code, stdout } = await salsa(["doctor", "--json"], { folder });
    const { ok, findings } = reportSchema.parse(JSON.parse(stdout));
    assert.deepEqual(
      findings.map(({ name }) => name),
      await names(),
    );
    for (const { name, state, remedy } of findings) assert.equal(remedy === undefined, state === "ok", name);
    assert.equal(code, ok ? 0 : 1);
    assert.equal(
      ok,
      findings.every(({ state }) => state !== "missing"),
    );
  });

  it("finds what the Node that runs the tests has", async () => {
    const { stdout } = await salsa(["doctor", "--json"], { folder });
    const { findings } = reportSchema.parse(JSON.parse(stdout));
    const found = new Map(findings.map((finding) => [finding.name, finding]));
    for (const name of ["Node", "wasm SIMD", "wasm relaxed SIMD", "wasm threads", "tfjs-backend-wasm"]) {
      assert.equal(found.get(name)?.state, "ok", name);
    }
    assert.match(found.get("backend wasm")?.detail ?? "", /^WebAssembly; wasm, \d+ threads? on cpu, at most 4\.0 GiB$/);
    assert.match(found.get("backend tfjs")?.detail ?? "", /^TensorFlow\.js; tfjs, [\w-]+ on /);
    assert.match(found.get("runtime.backend auto")?.detail ?? "", /^takes wasm \(cuda: .+\)$/);
  });

  it("warns that tfjs-node was made for older Nodes", async () => {
    const { stdout } = await salsa(["doctor", "--json"], { folder });
    const { findings } = reportSchema.parse(JSON.parse(stdout));
    const gpu = findings.find(({ name }) => name === "tfjs-node-gpu");
    if (gpu?.state === "optional") assert.match(gpu.remedy ?? "", /made for Node 22 and older/);
  });

  it("prints a line for each on a terminal", async () => {
    const { stdout } = await salsa(["doctor"], { folder });
    for (const name of await names()) assert.match(stdout, new RegExp(`^(ok|--|NO) +${name} `, "m"));
  });
});

if (process.platform === "linux" && hasCompiler()) {
  describe("salsa doctor where there are cards, by a stand-in for the driver", () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "salsa-doctor-"));
      const source = join(import.meta.dirname, "../compute/backends/cuda/libcuda.c");
      execFileSync("cc", ["-shared", "-fPIC", "-O1", "-w", source, "-o", join(folder, "libcuda.so.1")]);
    });
    after(() => rm(folder, { recursive: true }));

    /** Findings of the command, in a process whose loader finds the stand-in. */
    function findings(env: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> {
      const main = join(import.meta.dirname, "../../../engine/cli/main.ts");
      const { stdout } = spawnSync(process.execPath, [main, "doctor", "--json"], {
        cwd: folder,
        env: { ...process.env, LD_LIBRARY_PATH: folder, ...env },
        encoding: "utf8",
      });
      return new Map(
        reportSchema.parse(JSON.parse(stdout)).findings.map((one) => [one.name, `${one.state}: ${one.detail}`]),
      );
    }

    it("lists all of them with memory and driver, and what auto takes, and why", () => {
      const found = findings();
      assert.equal(found.get("NVIDIA driver"), "ok: knows CUDA 12.4");
      assert.equal(found.get("card 0"), "ok: Stub 7, 20.0 GiB, compute capability 9.0, GPU-71717171");
      assert.equal(found.get("card 1"), "optional: Stub 8, 20.0 GiB, compute capability 7.5, GPU-81818181");
      assert.equal(found.get("runtime.backend auto"), "ok: takes cuda (a card, CUDA 12.4: 0 Stub 7, 20.0 GiB)");
      assert.match(found.get("kernels") ?? "", /^ok: products of bf16 by /);
      // It has room for a mebibyte.
      assert.match(found.get("speed of cuda:0") ?? "", /^optional: .*out of memory/);
    });

    it("says what is wrong with a driver that does not start, and takes the processor", () => {
      const found = findings({ STUB_INIT: "100" });
      assert.match(
        found.get("backend cuda") ?? "",
        /^optional: CUDA; there is no NVIDIA card, or CUDA_VISIBLE_DEVICES hides it/,
      );
      assert.match(found.get("runtime.backend auto") ?? "", /^ok: takes wasm \(cuda: there is no NVIDIA card/);
      assert.match(findings({ STUB_VERSION: "11040" }).get("backend cuda") ?? "", /too old: it knows CUDA 11\.4/);
    });
  });
}

describe("salsa schema", () => {
  it("prints the JSON schema, or the Markdown table", async () => {
    const { stdout } = await salsa(["schema"]);
    assert.equal((JSON.parse(stdout) as { title: string }).title, "SALSA run config");
    const table = await salsa(["schema", "--markdown"]);
    assert.match(table.stdout, /^\| Setting \|/);
  });
});
