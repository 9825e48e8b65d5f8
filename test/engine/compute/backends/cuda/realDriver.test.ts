import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Argument,
  type CudaDevice,
  type Driver,
  DeviceLostError,
  DeviceMemoryError,
  DriverError,
  DriverUnavailableError,
  PtxError,
  packArguments,
} from "../../../../../engine/compute/backends/cuda/driver.ts";
import { loadDriver } from "../../../../../engine/compute/backends/cuda/realDriver.ts";
import { hasCompiler } from "./compiler.ts";

describe("the driver", () => {
  it("is missed by name, with the remedy", () => {
    assert.throws(
      () => loadDriver("libcuda-that-is-not-there.so"),
      (error: Error) => {
        assert.ok(error instanceof DriverUnavailableError);
        assert.match(error.message, /^cuda: no NVIDIA driver was found; install NVIDIA's driver/);
        return true;
      },
    );
  });

  it("is not called where koffi has no part for the platform, and the message names that", () => {
    const { arch } = process;
    Object.defineProperty(process, "arch", { value: "none" });
    try {
      assert.throws(
        () => loadDriver(),
        new DriverUnavailableError(
          `koffi, which calls the NVIDIA driver, is not there for ${process.platform}-none`,
          "install it: npm install koffi",
        ),
      );
    } finally {
      Object.defineProperty(process, "arch", { value: arch });
    }
  });

  it("takes arguments each at a multiple of its size, little endian", () => {
    const args: readonly Argument[] = [
      { type: "i32", value: -2 },
      { type: "pointer", value: 0x0102_0304_0506_0708n },
      { type: "f32", value: 1.5 },
      { type: "f64", value: 2 },
      { type: "i32", value: 7 },
      { type: "u64", value: 2n ** 63n },
    ];
    const view = new DataView(packArguments(args).buffer);
    assert.equal(view.byteLength, 48);
    assert.equal(view.getInt32(0, true), -2);
    assert.equal(view.getBigUint64(8, true), 0x0102_0304_0506_0708n);
    assert.equal(view.getFloat32(16, true), 1.5);
    assert.equal(view.getFloat64(24, true), 2);
    assert.equal(view.getInt32(32, true), 7);
    assert.equal(view.getBigUint64(40, true), 2n ** 63n);
  });
});

if (process.platform === "linux" && hasCompiler()) {
  describe("the driver's library, by a stand-in that checks each call", () => {
    let folder: string;
    let file: string;
    let driver: Driver;
    let device: CudaDevice;

    before(() => {
      folder = mkdtempSync(join(tmpdir(), "salsa-libcuda-"));
      file = join(folder, "libcuda.so");
      const source = join(import.meta.dirname, "libcuda.c");
      execFileSync("cc", ["-shared", "-fPIC", "-O1", "-w", source, "-o", file]);
      driver = loadDriver(file);
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });
    beforeEach(() => {
      device = driver.open(0);
    });

    it("lists the cards", () => {
      assert.equal(driver.version, 12_040);
      assert.deepEqual(driver.devices, [
        {
          index: 0,
          name: "Stub 7",
          uuid: "71".repeat(16),
          memoryBytes: 5 * 2 ** 32,
          capability: [9, 0],
          multiprocessors: 132,
          sharedBytesPerBlock: 227 << 10,
          l2Bytes: 50 << 20,
        },
        { ...driver.devices[0], index: 1, name: "Stub 8", uuid: "81".repeat(16), capability: [7, 5] },
      ]);
      assert.equal(device.freeBytes(), 3 * 2 ** 32);
      assert.throws(() => driver.open(2), DriverError);
    });

    it("copies and fills memory, and says when there is none", () => {
      const [a, b] = [device.allocate(16), device.allocate(16)];
      device.copyToDevice(a, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
      device.copy(b, a, 8);
      device.fill(b + 4n, 0x8001_0203, 2);
      const data = new Uint8Array(12);
      device.copyToHost(data, b);
      assert.deepEqual([...data], [1, 2, 3, 4, 3, 2, 1, 0x80, 3, 2, 1, 0x80]);
      assert.throws(() => device.allocate(2 ** 21), DeviceMemoryError);
      device.close();
    });

    it("copies to pinned memory in a second stream, which waits for the first, and it for that", async () => {
      const address = device.allocate(8);
      device.copyToDevice(address, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
      const pinned = device.allocateHost(8);
      const queue = device.openCopyQueue();
      assert.throws(() => queue.copyToHost(pinned.bytes, address), /^DriverError: cuda: copy to the host: /);
      const begin = device.record();
      queue.wait(begin);
      begin.release();
      queue.copyToHost(pinned.bytes, address);
      const end = queue.record();
      device.wait(end);
      end.release();
      await queue.finish();
      assert.deepEqual([...pinned.bytes], [1, 2, 3, 4, 5, 6, 7, 8]);
      queue.close();
      pinned.release();
      assert.throws(() => pinned.release(), DriverError);
      assert.throws(() => device.allocateHost(2 ** 21), /pin 2097152 bytes of memory: unknown error \(error 2\)/);
      device.close();
    });

    it("launches kernels at once or, captured, when they are replayed", async () => {
      const add = device.loadModule(".entry add").getFunction("add");
      assert.equal(add.registers, 40);
      add.allowSharedBytes(100 << 10);
      assert.throws(() => add.allowSharedBytes(2 ** 20), DriverError);
      const at = device.allocate(8);
      device.fill(at, 5, 2);
      const args: readonly Argument[] = [
        { type: "f64", value: 0.5 },
        { type: "i32", value: 2 },
        { type: "pointer", value: at },
        { type: "f32", value: 3 },
      ];
      const launch = { grid: [1, 2, 3], block: [4, 5, 6], sharedBytes: 1000, args } as const;
      const read = (): readonly number[] => {
        const data = new Int32Array(2);
        device.copyToHost(new Uint8Array(data.buffer), at);
        return [...data];
      };
      device.launch(add, launch);
      assert.deepEqual(read(), [8, 8]);
      const graph = device.capture(() => {
        device.launch(add, launch);
        device.launch(add, launch);
      });
      assert.deepEqual(read(), [8, 8]);
      device.replay(graph);
      device.replay(graph);
      assert.deepEqual(read(), [20, 20]);
      graph.release();
      const [first, second] = [device.record(), device.record()];
      assert.equal(second.millisecondsSince(first), 1.5);
      await device.finish();
      assert.throws(
        () => device.launch(add, { ...launch, sharedBytes: 1 }),
        /^DriverError: cuda: launch add: .*error 1\)$/,
      );
      device.close();
    });

    it("refuses a module with the compiler's words, and says what helps where that is known", () => {
      const refusal = (code: number): PtxError => {
        try {
          device.loadModule(`error ${code}`);
        } catch (error) {
          assert.ok(error instanceof PtxError);
          return error;
        }
        throw new Error("the module was taken");
      };
      assert.equal(refusal(218).message, "cuda: load module: unknown error: ptxas: of 9 bytes (error 218)");
      assert.match(refusal(222).message, /too old for the kernels: install version 520/);
      assert.match(refusal(221).message, /libnvidia-ptxjitcompiler\.so\.1, is missing.*NVIDIA_DRIVER_CAPABILITIES/);
      assert.throws(() => device.loadModule("").getFunction("none"), /get kernel none/);
    });

    it("says what is wrong with a driver that does not start or is too old", () => {
      const reasonWith = (name: string, value: string): string => {
        // The stand-in is C, which does not see what is set on `process.env`.
        const script =
          `import { loadDriver } from ${JSON.stringify(join(import.meta.dirname, "../../../../../engine/compute/backends/cuda/realDriver.ts"))};` +
          `try { loadDriver(${JSON.stringify(file)}); } catch (error) { process.stdout.write(error.message); }`;
        const options = { env: { ...process.env, [name]: value }, encoding: "utf8" } as const;
        return execFileSync(process.execPath, ["--input-type=module", "-e", script], options);
      };
      assert.match(
        reasonWith("STUB_INIT", "100"),
        /^cuda: there is no NVIDIA card, or CUDA_VISIBLE_DEVICES hides it; /,
      );
      assert.match(reasonWith("STUB_INIT", "803"), /different versions; restart the machine/);
      assert.match(
        reasonWith("STUB_INIT", "802"),
        /does not start: unknown error \(error 802\); see whether nvidia-smi/,
      );
      assert.match(reasonWith("STUB_VERSION", "11040"), /it knows CUDA 11\.4, and the kernels take 11\.8; install/);
    });

    it("reports a card that is lost where somebody waits for it", async () => {
      const crash = device.loadModule("").getFunction("crash");
      device.launch(crash, { grid: [1, 1, 1], block: [1, 1, 1], sharedBytes: 0, args: [] });
      await assert.rejects(device.finish(), (error: Error) => {
        assert.ok(error instanceof DeviceLostError);
        assert.match(
          error.message,
          /^cuda: wait for the device: an illegal memory access was encountered \(error 700\); what was saved is kept: /,
        );
        return true;
      });
    });
  });
}
