import assert from "node:assert/strict";
import { BackendUnavailableError, choiceText, choose, identityOf } from "../../../../engine/compute/backends/choose.ts";
import type { Availability, BackendDescriptor, Device } from "../../../../engine/compute/backends/descriptor.ts";
import type { BackendName } from "../../../../engine/compute/backends/index.ts";

const GiB = 2 ** 30;
const SETTINGS = { threads: 2 };

const onDevices = (...devices: readonly [Device, ...Device[]]): Availability => ({
  isAvailable: true,
  devices,
  parts: [],
});
const lacking = (reason: string, remedy: string): Availability => ({ isAvailable: false, reason, remedy, parts: [] });

/** Backends that need not exist, since nothing is opened. */
function descriptor(
  name: string,
  found: Availability,
  revision = 1,
  precisions: BackendDescriptor["precisions"] = ["f32"],
): BackendDescriptor {
  return {
    name: name as BackendName,
    title: name,
    description: name,
    revision,
    precisions,
    probe: () => Promise.resolve(found),
    load: () => Promise.reject(new Error("loaded before it was chosen")),
    open: () => Promise.reject(new Error("opened before it was needed")),
  };
}

const gpus = [
  { id: "cuda:0", uuid: "a".repeat(32), name: "cuda, GPU 0", limits: {} },
  { id: "cuda:1", uuid: "b".repeat(32), name: "cuda, GPU 1", limits: {} },
] as const satisfies readonly Device[];
const cuda = descriptor("cuda", onDevices(...gpus), 3, ["bf16", "f32"]);
const noCuda = descriptor("cuda", lacking("no NVIDIA driver was found", "install one"));
const small = descriptor("wasm", onDevices({ id: "cpu", name: "wasm, 2 threads", limits: { maxBytes: 4 * GiB } }));
const large = descriptor(
  "tfjs",
  onDevices({ id: "cpu", name: "tfjs, cpu", limits: { maxBytes: 64 * GiB }, build: "cpu" }),
);

describe("the choice of a backend", () => {
  it("takes what is asked for, whatever comes before it", async () => {
    const choice = await choose([cuda, small, large], "tfjs", SETTINGS);
    assert.equal(choice.descriptor, large);
    assert.equal(choice.reason, "asked for");
    assert.equal(choiceText(choice), "tfjs, cpu");
  });

  it("takes by auto the first that is there, with the first of its devices", async () => {
    const choice = await choose([cuda, small, large], "auto", SETTINGS);
    assert.equal(choice.descriptor, cuda);
    assert.deepEqual([choice.device, choice.devices], [gpus[0], [gpus[0]]]);
    assert.equal(choiceText(choice), "cuda, GPU 0, bf16 (auto)");
  });

  it("takes the cards that are named, and refuses those that are not there", async () => {
    const choice = await choose([cuda, small], "auto", { ...SETTINGS, device: "1,0" });
    assert.deepEqual([choice.device, choice.devices], [gpus[1], [gpus[1], gpus[0]]]);
    await assert.rejects(
      choose([cuda, small], "auto", { ...SETTINGS, device: "2" }),
      new BackendUnavailableError(
        "runtime.device 2 is not there; there is 0 (cuda, GPU 0, GPU-aaaaaaaa), 1 (cuda, GPU 1, GPU-bbbbbbbb)",
      ),
    );
    // Where there is no card at all, the processor is taken, with the reason.
    const fallback = await choose([noCuda, small], "auto", { ...SETTINGS, device: "2" });
    assert.equal(choiceText(fallback), "wasm, 2 threads (auto: cuda: no NVIDIA driver was found)");
  });

  it("says by auto which cards there are", async () => {
    const summary = "2 cards, CUDA 12.4: 0 H100, 80.0 GiB; 1 H100, 80.0 GiB";
    const found = { isAvailable: true, devices: gpus, parts: [], summary } as const;
    const choice = await choose([descriptor("cuda", found), small], "auto", SETTINGS);
    assert.equal(choiceText(choice), `cuda, GPU 0 (auto: ${summary})`);
  });

  it("says by auto what those before it lack", async () => {
    const choice = await choose([noCuda, small, large], "auto", SETTINGS);
    assert.equal(choice.descriptor, small);
    assert.equal(choiceText(choice), "wasm, 2 threads (auto: cuda: no NVIDIA driver was found)");
  });

  it("names the backends that hold more, of those that are there", async () => {
    assert.deepEqual((await choose([cuda, small, large], "wasm", SETTINGS)).roomier, ["cuda", "tfjs"]);
    assert.deepEqual((await choose([noCuda, small, large], "wasm", SETTINGS)).roomier, ["tfjs"]);
    assert.deepEqual((await choose([noCuda, small, large], "tfjs", SETTINGS)).roomier, []);
    assert.deepEqual((await choose([cuda, small], "cuda", SETTINGS)).roomier, []);
  });

  it("refuses what is not there, with the reason and the remedy", async () => {
    await assert.rejects(
      choose([noCuda, small], "cuda", SETTINGS),
      new BackendUnavailableError(
        "runtime.backend cuda is not available: cuda: no NVIDIA driver was found; install one",
      ),
    );
    await assert.rejects(choose([noCuda], "auto", SETTINGS), /auto is not available: cuda: no NVIDIA driver/);
    await assert.rejects(choose([small], "webgpu", SETTINGS), /webgpu is not available: there is none of that name/);
  });

  it("takes the precision that the backend prefers, or the one asked for where the backend has it", async () => {
    const precisionOf = async (wanted: string, precision?: "f32" | "bf16"): Promise<string> =>
      (await choose([cuda, small], wanted, { ...SETTINGS, precision })).precision;
    assert.equal(await precisionOf("auto"), "bf16");
    assert.equal(await precisionOf("cuda", "f32"), "f32");
    assert.equal(await precisionOf("wasm"), "f32");
    await assert.rejects(precisionOf("wasm", "bf16"), {
      name: "BackendUnavailableError",
      message: "runtime.precision bf16: wasm computes in f32; leave the setting out, or use runtime.backend cuda",
    });
    await assert.rejects(
      choose([noCuda, small], "auto", { ...SETTINGS, precision: "bf16" }),
      /wasm computes in f32; leave the setting out$/,
    );
    const card = descriptor("webgpu", onDevices(gpus[0]), 1, ["f32", "bf16"]);
    await assert.rejects(
      choose([small, card], "wasm", { ...SETTINGS, precision: "bf16" }),
      /leave the setting out, or use runtime\.backend webgpu$/,
    );
  });

  it("stands in keys by name, revision, build and a precision that is not f32", async () => {
    const identity = async (wanted: string, precision?: "f32"): Promise<unknown> =>
      identityOf(await choose([cuda, small, large], wanted, { ...SETTINGS, precision }));
    assert.deepEqual(await identity("cuda"), { name: "cuda", revision: 3, precision: "bf16" });
    assert.deepEqual(await identity("auto"), { name: "cuda", revision: 3, precision: "bf16" });
    assert.deepEqual(await identity("cuda", "f32"), { name: "cuda", revision: 3 });
    assert.deepEqual(await identity("tfjs"), { name: "tfjs", revision: 1, build: "cpu" });
  });
});
