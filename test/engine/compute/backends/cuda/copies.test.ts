import assert from "node:assert/strict";
import type { DeviceBuffer, Executable, HostCopies } from "../../../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../../../engine/compute/backends/cuda/backend.ts";
import {
  type CudaDevice,
  CudaResult,
  DeviceLostError,
  DriverError,
} from "../../../../../engine/compute/backends/cuda/driver.ts";
import { plan } from "../../../../../engine/compute/graph/program.ts";
import { Graph } from "../../../../../engine/compute/graph/tensor.ts";
import { accumulate } from "../../../../../engine/compute/ops/index.ts";
import { interpreter } from "../../../../ptx/driver.ts";

/** A card whose calls are as the script has them, and which counts how often its queue waits for another. */
function card(script: (device: CudaDevice) => Partial<CudaDevice> = () => ({})): {
  readonly backend: CudaBackend;
  readonly waits: () => number;
} {
  const device = interpreter.open(0);
  const { wait, ...others } = { wait: device.wait.bind(device), ...script(device) };
  let waits = 0;
  const counted: CudaDevice["wait"] = (mark) => {
    waits++;
    wait(mark);
  };
  return { backend: new CudaBackend(Object.assign(device, others, { wait: counted })), waits: () => waits };
}

/** Two variables and programs on them: one adds 1 to `w`, one only reads it. */
interface Setting {
  readonly w: DeviceBuffer;
  readonly other: DeviceBuffer;
  readonly add: Executable;
  readonly sum: Executable;
  readonly copies: HostCopies;
}

function settingOn(backend: CudaBackend): Setting {
  const graph = new Graph();
  const w = graph.variable("w", [3]);
  const add = backend.compile(plan({}, [accumulate(w, graph.input("x", [3]))]));
  const read = new Graph();
  const sum = backend.compile(plan({ sum: read.variable("w", [3]).sum() }));
  return {
    w: backend.allocate(w, Float32Array.of(1, 2, 3)),
    other: backend.allocate(w, Float32Array.of(7, 8, 9)),
    ...{ add, sum, copies: backend.copies() },
  };
}

async function close(backend: CudaBackend, { w, other, add, sum }: Setting): Promise<void> {
  for (const buffer of [w, other]) backend.release(buffer);
  for (const executable of [add, sum]) executable.release();
  // Throws where pinned memory or a queue of copies is left.
  await backend.close();
}

const ones = { x: Float32Array.of(1, 1, 1) };

describe("copies of a card's buffers", () => {
  it("are of the moment at which they were taken, whatever is computed, written or freed before they arrive", async () => {
    const { backend } = card();
    const setting = settingOn(backend);
    const { w, other, add, copies } = setting;
    copies.take([w, other]);
    await add.run({ inputs: ones, variables: { w } });
    backend.write(other, Float32Array.of(0, 0, 0));
    const short = backend.allocate({ shape: [2], dtype: "f32" }, Float32Array.of(4, 5));
    assert.deepEqual(await copies.read(w), Float32Array.of(1, 2, 3));
    assert.deepEqual(await copies.read(other), Float32Array.of(7, 8, 9));
    copies.take([w, short]);
    backend.release(short);
    backend.release(backend.allocate({ shape: [2], dtype: "f32" }));
    assert.deepEqual(await copies.read(short), Float32Array.of(4, 5));
    assert.deepEqual(await copies.read(w), Float32Array.of(2, 3, 4));
    await assert.rejects(copies.read(other), /there is no copy of that buffer \[3\]/);
    assert.equal(copies.hindrance, undefined);
    copies.release();
    await close(backend, setting);
  });

  it("are torn where the programs' queue does not wait: the interpreter shows it", async () => {
    const { backend, waits } = card(() => ({ wait: () => undefined }));
    const setting = settingOn(backend);
    const { w, add, copies } = setting;
    copies.take([w]);
    await add.run({ inputs: ones, variables: { w } });
    assert.equal(waits(), 1);
    assert.deepEqual(await copies.read(w), Float32Array.of(2, 3, 4));
    copies.release();
    await close(backend, setting);
  });

  it("fail in the interpreter where they could begin before what was run is done", async () => {
    const { backend } = card((device) => {
      const open = device.openCopyQueue.bind(device);
      return { openCopyQueue: () => Object.assign(open(), { wait: () => undefined }) };
    });
    const setting = settingOn(backend);
    assert.throws(() => setting.copies.take([setting.w]), /it may begin before what was queued first is done/);
    await close(backend, setting);
  });

  it("hold up nobody but who changes what they are copied from, and that once", async () => {
    const { backend, waits } = card();
    const setting = settingOn(backend);
    const { w, other, add, sum, copies } = setting;
    copies.take([w]);
    await sum.run({ variables: { w } });
    await add.run({ inputs: ones, variables: { w: other } });
    assert.equal(waits(), 0);
    for (let step = 0; step < 2; step++) await add.run({ inputs: ones, variables: { w } });
    assert.equal(waits(), 1);
    assert.deepEqual(await copies.read(w), Float32Array.of(1, 2, 3));
    await close(backend, setting); // which releases them
  });

  it("take pinned memory once for a buffer that is copied again", async () => {
    const sizes: number[] = [];
    const { backend } = card((device) => {
      const allocateHost = device.allocateHost.bind(device);
      return {
        allocateHost: (bytes) => {
          sizes.push(bytes);
          return allocateHost(bytes);
        },
      };
    });
    const setting = settingOn(backend);
    const { w, other, copies } = setting;
    for (const buffers of [[w, other], [other, w], [w]]) {
      copies.take(buffers);
      for (const buffer of buffers) await copies.read(buffer);
    }
    assert.deepEqual(sizes, [12, 12]);
    await close(backend, setting);
  });

  it("lie in other memory where the driver pins none, and say why", async () => {
    const { backend } = card(() => ({
      allocateHost: (bytes) => {
        throw new DriverError(`pin ${bytes} bytes of memory`, CudaResult.outOfMemory, "out of memory");
      },
    }));
    const setting = settingOn(backend);
    const { w, add, copies } = setting;
    copies.take([w]);
    await add.run({ inputs: ones, variables: { w } });
    assert.deepEqual(await copies.read(w), Float32Array.of(1, 2, 3));
    assert.equal(copies.hindrance, "cuda: pin 12 bytes of memory: out of memory (error 2)");
    await close(backend, setting);
  });

  it("end with a card that is lost", async () => {
    const { backend } = card(() => ({
      allocateHost: () => {
        throw new DeviceLostError("pin memory", CudaResult.illegalAddress, "an illegal memory access");
      },
    }));
    const setting = settingOn(backend);
    assert.throws(() => setting.copies.take([setting.w]), DeviceLostError);
    await close(backend, setting);
  });
});
