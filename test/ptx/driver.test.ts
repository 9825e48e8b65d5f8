import assert from "node:assert/strict";
import { launch } from "./blocks.ts";
import { KernelFault, PtxError } from "./errors.ts";
import { keptPtx } from "./kernels/build.ts";
import * as layout from "./layout.ts";
import { Machine } from "./machine.ts";
import { device, floats, moduleOf, run } from "./ownKernels.ts";
import { parsePtx } from "./parse.ts";

describe("ptx: what is not known is refused", () => {
  const kernel = (body: string): string =>
    `.version 7.8\n.target sm_80\n.address_size 64\n.visible .entry k()\n{\n.reg .b32 %r<9>;\n.reg .f32 %f<9>;\n${body}\nret;\n}\n`;
  const refused = (body: string, message: RegExp): void => {
    const machine = new Machine();
    assert.throws(
      () => machine.ready(machine.load(kernel(body)), "k"),
      (error) => error instanceof PtxError && message.test(error.message),
    );
  };

  it("an instruction, by name and line", () => {
    refused(
      "add.s32 %r1, %r2, %r3;\nwgmma.fence.sync.aligned;",
      /^line 9: no instruction wgmma\.fence\.sync\.aligned$/,
    );
    refused("vabsdiff4.u32.u32.u32 %r1, %r2, %r3, %r4;", /^line 8: no instruction vabsdiff4/);
  });

  it("an instruction that is known but for a modifier", () => {
    refused("add.s32.odd %r1, %r2, %r3;", /no instruction add\.s32\.odd/);
    refused("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%r1, %r2}, {%r1, %r2, %r3, %r4}, {%r5, %r6}, {%r7, %r8};", /no instruction mma/); // prettier-ignore
    refused("div.rz.f32 %f1, %f2, %f3;", /no instruction div\.rz\.f32/);
  });

  it("sums of floats in no fixed order", () => {
    refused(".reg .b64 %rd<2>;\nred.global.add.f32 [%rd1], %f1;", /line 9: no instruction red\.global\.add\.f32/);
  });

  it("registers, labels and special registers that nobody declares", () => {
    refused("add.s32 %r1, %r2, %x3;", /line 8: no operand %x3/);
    refused("bra NOWHERE;", /no label NOWHERE/);
    refused("mov.u32 %r1, %clock;", /line 8: no special register %clock/);
  });

  it("a text that ends too early, and what is no PTX", () => {
    assert.throws(() => parsePtx(kernel("").slice(0, -10)), PtxError);
    assert.throws(() => parsePtx("hello;"), PtxError);
    assert.throws(() => device.loadModule("hello;"), /load module/);
  });
});

describe("ptx: the driver", () => {
  it("captures what is queued and does it at every replay", () => {
    moduleOf("faults");
    const [x, y] = [device.allocate(256), device.allocate(256)];
    const graph = device.capture(() => {
      device.fill(x, 0x3f800000, 64);
      run("faults", "copyOne", [x, y]);
      device.copy(x, y, 128);
      assert.throws(() => device.allocate(4), /not permitted while a graph is captured/);
    });
    assert.throws(() => floats(y, 64), /never written/);
    device.replay(graph);
    assert.deepEqual([...floats(y, 64)], new Array(64).fill(1));
    device.fill(y, 0, 64);
    device.replay(graph);
    assert.deepEqual([...floats(y, 64)], new Array(64).fill(1));
    graph.release();
  });

  it("refuses launches that a card refuses", () => {
    const copyOne = moduleOf("faults").getFunction("copyOne");
    const launch = (block: number, sharedBytes = 0): void =>
      device.launch(copyOne, { grid: [1, 1, 1], block: [block, 1, 1], sharedBytes, args: [] });
    assert.throws(() => launch(1025), /launch copyOne: invalid argument/);
    assert.throws(() => launch(0), /launch copyOne: invalid argument/);
    assert.throws(() => launch(32, 50_000), /launch copyOne: invalid argument/);
    assert.throws(() => launch(32), /copyOne takes 16 bytes of arguments, not 0/);
    assert.throws(() => moduleOf("faults").getFunction("nothing"), /get kernel nothing/);
  });

  it("gives memory back, and has none beyond its bounds", () => {
    const before = device.freeBytes();
    const address = device.allocate(1_000_000);
    assert.ok(device.freeBytes() <= before - 1_000_000);
    device.free(address);
    assert.equal(device.freeBytes(), before);
    assert.throws(() => device.allocate(2 ** 40), /out of memory/);
    assert.throws(() => device.free(address), /nothing was allocated/);
  });

  it("ends a loop without an end, by name", () => {
    const machine = new Machine();
    machine.limit = 1e6;
    const ptx = ".version 7.8\n.target sm_80\n.address_size 64\n.visible .entry k()\n{\nL: bra L;\n}\n";
    const ready = machine.ready(machine.load(ptx), "k");
    const run = (): void =>
      launch(machine, ready, { grid: [1, 1, 1], block: [32, 1, 1], sharedBytes: 0 }, new Uint8Array(0));
    assert.throws(run, (error) => error instanceof KernelFault && error.kind === "endless" && error.place.line === 6);
  });

  it("tells accesses apart after more barriers than stamps have room for", () => {
    const machine = new Machine();
    const loaded = machine.load(keptPtx("faults"));
    const ready = machine.ready(loaded, "raceOfBlocks");
    const sum = machine.memory.allocate(4)!;
    const at = machine.memory.host(sum, 4, "test", { written: false });
    machine.memory.stamp(at, 4, layout.STAMPS.host);
    const packed = new Uint8Array(BigUint64Array.of(sum).buffer);
    const run = (blocks: number): void =>
      launch(machine, ready, { grid: [blocks, 1, 1], block: [1, 1, 1], sharedBytes: 0 }, packed);
    for (let round = 0; round < 3; round++) {
      run(1);
      assert.throws(() => run(2), /race/);
      // Each interval costs nothing but its number.
      for (let interval = 0; interval < 700_000; interval++) machine.nextInterval();
    }
    run(1);
    assert.throws(() => run(2), /race/);
  });
});
