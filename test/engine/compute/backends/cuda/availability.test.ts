import assert from "node:assert/strict";
import {
  type DeviceProperties,
  type Driver,
  DriverUnavailableError,
} from "../../../../../engine/compute/backends/cuda/driver.ts";
import { availability } from "../../../../../engine/compute/backends/cuda/index.ts";
import { kernelFiles } from "../../../../../engine/compute/backends/cuda/build.ts";
import { KERNEL_FILES } from "../../../../../engine/compute/backends/cuda/kernelText.ts";
import { interpreter } from "../../../../ptx/driver.ts";

const [card] = interpreter.devices;
assert.ok(card !== undefined);

const hopper: DeviceProperties = { ...card, index: 1, name: "H100", memoryBytes: 80 * 2 ** 30, capability: [9, 0] };
const turing: DeviceProperties = { ...card, index: 0, name: "T4", memoryBytes: 15 * 2 ** 30, capability: [7, 5] };
const driver = (...devices: readonly DeviceProperties[]): Driver => ({ ...interpreter, version: 12_040, devices });

describe("the availability of CUDA", () => {
  it("is what the driver's absence says", () => {
    const missing = new DriverUnavailableError("no NVIDIA driver was found", "install one");
    assert.deepEqual(availability(missing), {
      parts: [],
      isAvailable: false,
      reason: "no NVIDIA driver was found",
      remedy: "install one",
    });
  });

  it("lists the cards that are new enough, with their memory, and names the others", () => {
    const found = availability(driver(turing, hopper));
    assert.ok(found.isAvailable);
    const bytes = 80 * 2 ** 30;
    assert.deepEqual(found.devices, [
      {
        id: "cuda:1",
        uuid: hopper.uuid,
        name: "cuda, H100",
        memoryBytes: bytes,
        limits: { maxBytes: bytes },
        build: "sm_90",
      },
    ]);
    assert.deepEqual(
      found.parts.map(({ name, isThere, detail }) => [name, isThere, detail]),
      [
        ["NVIDIA driver", true, "knows CUDA 12.4"],
        ["card 0", false, "T4, 15.0 GiB, compute capability 7.5, GPU-00000000"],
        ["card 1", true, "H100, 80.0 GiB, compute capability 9.0, GPU-00000000"],
        [
          "kernels",
          true,
          "products of bf16 by our own on tensor cores, of f32 by plain kernels of our own; attention of bf16 on tensor " +
            "cores for heads of 32, 64, 96, 128 or 256 channels, else by plain kernels",
        ],
      ],
    );
  });

  it("is summed up for the reason of a choice", () => {
    const summary = (...devices: readonly DeviceProperties[]): unknown => {
      const found = availability(driver(...devices));
      return found.isAvailable && found.summary;
    };
    assert.equal(summary(turing, hopper), "a card, CUDA 12.4: 1 H100, 80.0 GiB");
    assert.equal(summary({ ...hopper, index: 0 }, hopper), "2 cards, CUDA 12.4: 0 H100, 80.0 GiB; 1 H100, 80.0 GiB");
  });

  it("names the library of products, whose numbers differ from our own kernels', in the build and to people", () => {
    const found = { file: "/usr/local/cuda/lib64/libcublasLt.so.12", version: "12.9.3" };
    const passedOver = [{ file: "/opt/old.so", reason: "it is of CUDA 11; 12 or newer is taken" }];
    const withLibrary = availability(driver(hopper), { found, passedOver, isOff: false });
    assert.ok(withLibrary.isAvailable);
    const [{ name, build }] = withLibrary.devices;
    assert.deepEqual([name, build], ["cuda, H100, cuBLASLt 12.9.3", "sm_90 cuBLASLt 12.9.3"]);
    assert.equal(withLibrary.summary, "a card, CUDA 12.4, cuBLASLt 12.9.3: 1 H100, 80.0 GiB");
    assert.deepEqual(
      withLibrary.parts.slice(2, 4).map(({ isThere, detail }) => [isThere, detail]),
      [
        [false, "/opt/old.so is passed over: it is of CUDA 11; 12 or newer is taken"],
        [true, "12.9.3, /usr/local/cuda/lib64/libcublasLt.so.12"],
      ],
    );
    assert.match(
      withLibrary.parts.at(-1)?.detail ?? "",
      /^products of bf16 by cuBLASLt 12\.9\.3, else our own, of f32/,
    );
    const without = availability(driver(hopper), { passedOver, isOff: false });
    assert.ok(without.isAvailable);
    assert.deepEqual([without.devices[0].name, without.devices[0].build], ["cuda, H100", "sm_90"]);
  });

  it("is refused where all cards are too old, or there is none", () => {
    const old = availability(driver(turing));
    assert.ok(!old.isAvailable);
    assert.ok(
      old.parts.every(({ name }) => name !== "kernels"),
      "none is taken",
    );
    assert.equal(old.reason, "T4 is older than Ampere");
    assert.match(old.remedy, /compute capability 8\.0 or above/);
    const none = availability(driver());
    assert.ok(!none.isAvailable);
    assert.equal(none.reason, "there is no NVIDIA card");
  });
});

it("every file of CUDA kernels is read before an update may delete it", () => {
  assert.deepEqual([...KERNEL_FILES].sort(), kernelFiles());
});
