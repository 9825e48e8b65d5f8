import assert from "node:assert/strict";
import { CudaBackend } from "../../engine/compute/backends/cuda/backend.ts";
import { plan } from "../../engine/compute/graph/program.ts";
import { Graph, defined } from "../../engine/compute/graph/tensor.ts";
import { attention, logprob, matmul } from "../../engine/compute/ops/index.ts";
import { interpreter } from "../ptx/driver.ts";
import { CountingBackend } from "./countingBackend.ts";
import { figuresOf, resultsOf } from "./figures.ts";
import { PARTS } from "./parts.ts";
import { figureSheet, planned } from "./planned.ts";
import { CEILINGS, costsOf, occupancy, secondsOf } from "./roofline.ts";
import { SIZES, figureSizes } from "./shapes.ts";
import { train } from "./work.ts";

const h100 = defined(CEILINGS[0]);

describe("the roofline", () => {
  it("counts a product's operations and bytes, and takes whichever takes longer", () => {
    const graph = new Graph();
    const y = matmul(graph.input("a", [6, 4]), graph.input("b", [5, 4]), { transposeB: true });
    const [cost, ...others] = costsOf(plan({ y }));
    assert.deepEqual(others, []);
    assert.deepEqual(cost, { op: "matmul", flops: 2 * 6 * 5 * 4, bytes: 4 * (24 + 20 + 30), isBf16: false });
    const heavy = { ...defined(cost), flops: 66.9e12, bytes: 1 };
    const wide = { ...defined(cost), flops: 1, bytes: 6e12 };
    assert.ok(Math.abs(secondsOf(new Map([[heavy, 3]]), h100) - 3) < 1e-9);
    assert.ok(Math.abs(secondsOf(new Map([[wide, 1]]), h100) - 2) < 1e-9);
  });

  it("counts the pairs of tokens that see each other", () => {
    const graph = new Graph();
    const x = graph.input("q", [2, 3, 4, 8]);
    const k = graph.input("k", [2, 5, 2, 8]);
    const rest = { start: graph.input("start", [2], "i32"), offset: graph.input("offset", [1], "i32") };
    const [cost] = costsOf(plan({ y: attention({ q: x, k, v: k, ...rest }) }));
    // Three queries that see 3, 4 and 5 of 5 keys.
    assert.equal(cost?.flops, 4 * 2 * 4 * 8 * (3 + 4 + 5));
  });

  it("counts logits that are written and read though they are no tensor", () => {
    const graph = new Graph();
    const [h, w] = [graph.input("h", [3, 4]), graph.input("w", [7, 4])];
    const program = plan({ y: logprob(h, w, graph.input("t", [3], "i32")).logprob });
    const [cost] = costsOf(program);
    assert.equal(cost?.flops, 2 * 3 * 4 * 7);
    assert.equal(cost.bytes, 4 * (12 + 28 + 3 + 3 * 3) + 2 * 4 * 3 * 7);
  });

  it("says how many warps fit by registers, shared memory and threads", () => {
    // 128 registers: 4,096 a warp, 32,768 a block of 8 warps, two blocks of 65,536.
    assert.equal(occupancy({ registers: 128, threads: 256, sharedBytes: 0 }, h100), 16 / 64);
    // 48 KiB and one more each: four in 228.
    assert.equal(occupancy({ registers: 16, threads: 256, sharedBytes: 48 << 10 }, h100), 32 / 64);
    assert.equal(occupancy({ registers: 32, threads: 1024, sharedBytes: 0 }, h100), 1);
  });
});

describe("launches that are counted", () => {
  it("are those that the backend makes", async () => {
    const device = interpreter.open(0);
    const made: string[] = [];
    const launch = device.launch.bind(device);
    device.launch = (kernel, settings) => {
      made.push(kernel.name);
      launch(kernel, settings);
    };
    const shape = defined(SIZES.tiny.models[0]);
    const patience = { seconds: 0, repeats: 0 };
    const real = new CudaBackend(device, { precision: "bf16" });
    await train(real, shape, patience);
    const counting = new CountingBackend("bf16");
    await train(counting, shape, patience);
    // A graph is captured once, and this program has run once.
    assert.equal(counting.counts.launches, made.length);
    assert.deepEqual([...counting.counts.kernels.keys()].sort(), [...new Set(made)].sort());
    const peaks = [counting.memory.peakBytes, real.memory.peakBytes];
    assert.ok(Math.abs(defined(peaks[0]) / defined(peaks[1]) - 1) < 0.1, peaks.join(" for "));
  });

  it("are given for every benchmark", async () => {
    const work = await planned(SIZES.tiny);
    assert.deepEqual(
      work.map(({ name }) => name),
      [
        ...["train.135m", "train.0.5b", "train.1.5b", "train.7b"],
        ...["135m", "0.5b", "1.5b", "7b"].flatMap((shape) => [`decode.${shape}.1`, `decode.${shape}.2`]),
        "ppo.135m",
      ],
    );
    for (const { name, launches, bytes, f32Flops, bf16Flops, seconds } of work) {
      assert.ok(launches > 10 && bytes > 0 && f32Flops + bf16Flops > 0, name);
      assert.ok(
        seconds.every((one) => one > launches * 1e-6),
        name,
      );
    }
  });
});

describe("the figures", () => {
  const sizes = { shapes: ["135m"], batches: [1, 8], product: 4096 };
  const figures = figuresOf({ ...sizes, card: { capability: [9, 0] } });

  it("are ratios of what was measured in one run, theirs by the fastest way", () => {
    const measured = new Map([
      ["train.135m.bf16.tokensPerSecond", 50],
      ["torch.train.135m.eager.tokensPerSecond", 100],
      ["decode.135m.8.tokensPerSecond", 60],
      ["torch.decode.135m.8.eager.tokensPerSecond", 10],
      ["torch.decode.135m.8.compiled.tokensPerSecond", 20],
      ["ppo.135m.seconds", 2],
      ["torch.ppo.135m.seconds", 8],
      ["startup.135m.seconds", 6],
    ]);
    assert.deepEqual(
      resultsOf(figures, measured).map(({ name, value, isMet }) => [name, value, isMet]),
      [
        ["gpu.train.135m.vsEager", 0.5, false],
        ["gpu.decode.135m.8.vsTransformers", 3, true],
        ["gpu.ppo.135m.vsTorch", 4, true],
        ["gpu.startup.seconds", 6, false],
      ],
    );
  });

  it("ask more of a product where mma.sync is all that tensor cores have", () => {
    const measured = new Map([
      ["rates.product.bf16.4096", 0.6],
      ["torch.rates.product.bf16.4096", 1],
    ]);
    const met = (major: number): readonly unknown[] =>
      resultsOf(figuresOf({ ...sizes, card: { capability: [major, 0] } }), measured).map(({ name, atLeast, isMet }) => [
        name,
        atLeast,
        isMet,
      ]);
    assert.deepEqual(met(9), [["gpu.product.bf16.vsCublas", 0.45, true]]);
    assert.deepEqual(met(8), [["gpu.product.bf16.vsCublas", 0.8, false]]);
  });

  it("are each listed with target and best where no card was at hand, as planned", async () => {
    const work = await planned(SIZES.tiny);
    const { columns, rows } = figureSheet(work, SIZES.tiny);
    const withTarget = figuresOf({ ...figureSizes(SIZES.tiny), card: { capability: [9, 0] } }).filter(
      ({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined,
    );
    assert.deepEqual(
      rows.map(([name, , state]) => [name, state]),
      withTarget.map(({ name }) => [name, "planned, not measured"]),
    );
    assert.ok(rows.every((row) => row.length === columns.length));
    const row = (name: string): readonly unknown[] => defined(rows.find(([one]) => one === name));
    const step = defined(work.find(({ name }) => name === "train.0.5b")).seconds[0] ?? NaN;
    const { batch, length } = defined(SIZES.tiny.models[1]);
    assert.equal(row("gpu.train.0.5b.vsEager")[1], "at least 0.6");
    assert.equal(row("gpu.train.0.5b.vsEager")[3], `${Number(((batch * length) / step).toPrecision(3))} tokens/s`);
    assert.match(String(row("gpu.decode.135m.2.vsBandwidth")[3]), /^[\d.]+ tokens\/s$/);
    assert.match(String(row("gpu.ppo.135m.vsTorch")[3]), /^[\d.e-]+ s$/);
    assert.equal(row("gpu.product.bf16.vsCublas")[1], "at least 0.45; on Ampere and Ada at least 0.8");
    assert.deepEqual(row("gpu.startup.seconds").slice(1, 4), ["at most 5", "planned, not measured", ""]);
  });

  it("are of something that is measured or compared", () => {
    const names = new Set(PARTS.map(({ name }) => name));
    const { shapes } = figureSizes(SIZES.real);
    for (const part of shapes.flatMap((shape) => [`train.${shape}`, `decode.${shape}`])) {
      assert.ok(names.has(part) && names.has(`torch.${part}`), part);
    }
  });

  it("have a name each", () => {
    assert.equal(new Set(figures.map(({ name }) => name)).size, figures.length);
    assert.ok(figures.every(({ name }) => name.startsWith("gpu.")));
  });
});
