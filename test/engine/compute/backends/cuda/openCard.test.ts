import assert from "node:assert/strict";
import { OutOfMemoryError } from "../../../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../../../engine/compute/backends/cuda/backend.ts";
import {
  type CudaDevice,
  type Driver,
  CudaResult,
  DeviceMemoryError,
  DriverError,
  DriverUnavailableError,
} from "../../../../../engine/compute/backends/cuda/driver.ts";
import { openBackend, openCard } from "../../../../../engine/compute/backends/cuda/index.ts";
import { interpreter } from "../../../../ptx/driver.ts";

const GIB = 2 ** 30;

/** A card of 80 GiB, of which so much is free, and what was asked of it. */
function cardWith(free: number): { readonly driver: Driver; readonly calls: string[] } {
  const calls: string[] = [];
  const [card] = interpreter.devices;
  assert.ok(card !== undefined);
  const properties = { ...card, name: "H100", memoryBytes: 80 * GIB };
  const open = (): CudaDevice => {
    const device = interpreter.open(0);
    const allocate = device.allocate.bind(device);
    const changes = {
      properties,
      freeBytes: () => free,
      close: () => void calls.push("close"),
      allocate: (bytes: number) => {
        if (bytes > free) throw new DeviceMemoryError(bytes);
        return allocate(bytes);
      },
    };
    return Object.assign(device, changes);
  };
  return { driver: { version: 12_040, devices: [properties], open }, calls };
}

/** A driver that refuses to open its card. */
function refusing(error: Error): Driver {
  const open = (): CudaDevice => {
    throw error;
  };
  return { ...cardWith(0).driver, open };
}

describe("a card that others use", () => {
  it("is refused when nearly all of its memory is taken, and is given back", () => {
    const { driver, calls } = cardWith(300 * 2 ** 20);
    assert.throws(
      () => openCard(driver, 0),
      new DriverUnavailableError(
        "card 0, H100, has 300 MiB of 81920 MiB free",
        "end the program that holds them, which nvidia-smi shows, or choose another card with runtime.device",
      ),
    );
    assert.deepEqual(calls, ["close"]);
  });

  it("is opened when there is room for a run", () => {
    const { driver, calls } = cardWith(2 * GIB);
    openCard(driver, 0);
    assert.deepEqual(calls, []);
  });

  it("is refused by name where not even its context has room, or another program has it for itself", () => {
    const full = refusing(new DriverError("open device 0", CudaResult.outOfMemory, "out of memory"));
    assert.throws(
      () => openCard(full, 0),
      /^DriverUnavailableError: cuda: card 0, H100, has 0 MiB of 81920 MiB free; end/,
    );
    const taken = refusing(new DriverError("open device 0", CudaResult.deviceUnavailable, "busy or unavailable"));
    assert.throws(() => openCard(taken, 0), /another program has card 0, H100, for itself; .*nvidia-smi -c DEFAULT/);
    const other = new DriverError("open device 0", CudaResult.unknown, "unknown error");
    assert.throws(() => openCard(refusing(other), 0), other);
  });

  it("is given back where the library of products does not start on it, in whose place our own kernels do not step", () => {
    const { driver, calls } = cardWith(20 * GIB);
    const failing = (): CudaDevice =>
      Object.assign(driver.open(0), {
        openProducts: () => {
          throw new DriverError("cublasLtCreate of cuBLASLt 12.9.3", 1, "the library was not initialized");
        },
      });
    const error = "cuda: cublasLtCreate of cuBLASLt 12.9.3: the library was not initialized (error 1)";
    assert.throws(
      () => openBackend({ ...driver, open: failing }, 0, { cublas: "/opt/libcublasLt.so.12" }),
      new DriverUnavailableError(
        `/opt/libcublasLt.so.12 does not start: ${error}`,
        "set SALSA_CUBLAS_PATH to another or to off, or empty salsa.cublasPath",
      ),
    );
    assert.deepEqual(calls, ["close"]);
  });

  it("is named where memory runs out: what other programs hold, and nothing where they hold nothing", () => {
    const shortage = (free: number): string => {
      const backend = new CudaBackend(openCard(cardWith(free).driver, 0));
      try {
        backend.allocate({ shape: [30 * GIB], dtype: "f32" });
      } catch (error) {
        assert.ok(error instanceof OutOfMemoryError);
        return error.message;
      }
      throw new Error("there was room");
    };
    const start = "cuda: no room for 122880.0 MiB: 0.0 MiB of at most 81920.0 MiB are in use";
    assert.equal(shortage(20 * GIB), `${start}, and other programs hold 61440.0 MiB; use a smaller batch or model`);
    assert.equal(shortage(79 * GIB), `${start}; use a smaller batch or model`);
  });
});
