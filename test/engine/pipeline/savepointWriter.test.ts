import assert from "node:assert/strict";
import * as path from "node:path";
import type { DeviceBuffer } from "../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../engine/compute/backends/cuda/backend.ts";
import { type CudaDevice, CudaResult, DriverError } from "../../../engine/compute/backends/cuda/driver.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph, defined } from "../../../engine/compute/graph/tensor.ts";
import { accumulate } from "../../../engine/compute/ops/index.ts";
import { DeviceWeights } from "../../../engine/models/index.ts";
import { type LoopSettings, loop } from "../../../engine/pipeline/loop.ts";
import { SavepointWriter } from "../../../engine/pipeline/savepointWriter.ts";
import { type Savepoint, type StageContext, type StageReport, Stopped } from "../../../engine/pipeline/stage.ts";
import { readSnapshot, writeSnapshot } from "../../../engine/storage/snapshots.ts";
import { interpreter } from "../../ptx/driver.ts";
import { hooked } from "../storage/hookedDisk.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";

/** A disk that takes nothing until it is opened. */
interface Gate {
  readonly isOpen: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { isOpen, open: () => open() };
}

/** A training on a card: each step adds 1 to weights that begin as 0, so that they tell how many were taken. */
class Training {
  readonly backend: CudaBackend;
  readonly saved: { readonly step: number; readonly weights: readonly number[] }[] = [];
  readonly reports: StageReport[] = [];
  /** Events in their order. */
  readonly marks: string[] = [];
  readonly stop = new AbortController();
  readonly context: StageContext;
  private readonly weights: DeviceWeights;
  private readonly add: ReturnType<CudaBackend["compile"]>;

  /** `write` is the disk; `script` changes calls of the card. */
  constructor(
    write: (savepoint: Savepoint) => Promise<void>,
    script: (device: CudaDevice) => Partial<CudaDevice> = () => ({}),
  ) {
    const device = interpreter.open(0);
    this.backend = new CudaBackend(Object.assign(device, script(device)));
    const graph = new Graph();
    const w = graph.variable("w", [2]);
    this.add = this.backend.compile(plan({}, [accumulate(w, graph.input("x", [2]))]));
    this.weights = DeviceWeights.zeros(this.backend, new Map([["w", [2]]]));
    this.context = {
      ...{ name: "stage", workspace: "/", folder: "/", backend: this.backend, signal: this.stop.signal },
      pace: { checkpointEvery: 1, metricsEvery: 1, gradientCheckpointing: false },
      report: (event) => void this.reports.push(event),
      sample: () => undefined,
      restore: () => Promise.resolve(undefined),
      save: async (savepoint) => {
        this.marks.push(`save ${savepoint.step}`);
        await write(savepoint);
        this.marks.push(`saved ${savepoint.step}`);
      },
    };
  }

  get buffer(): DeviceBuffer {
    return defined(this.weights.buffers["w"]);
  }

  /** Of the weights as they are now. */
  savepoint(): Omit<Savepoint, "step"> {
    return { json: "the rest", tensors: this.weights.fetched() };
  }

  async step(): Promise<void> {
    await this.add.run({ inputs: { x: Float32Array.of(1, 1) }, variables: { w: this.buffer } });
  }

  /** Runs the loop; its error, if it ends with one. `after` is called when a step is done, counted from 1. */
  async run({
    total = 6,
    saveEvery = 2,
    after = () => undefined,
  }: Partial<Pick<LoopSettings, "total" | "saveEvery">> & {
    readonly after?: (step: number) => void;
  }): Promise<unknown> {
    const step: LoopSettings["step"] = async (index) => {
      await this.step();
      this.marks.push(`step ${index + 1}`);
      after(index + 1);
      return { values: {}, tokens: 1 };
    };
    const save: LoopSettings["save"] = () => Promise.resolve(this.savepoint());
    return loop(this.context, { total, saveEvery, metricsEvery: 100, step, save }, 0).catch((error: unknown) => error);
  }

  async close(): Promise<void> {
    this.weights.release();
    this.add.release();
    assert.equal(this.backend.memory.allocatedBytes, 0);
    await this.backend.close(); // throws where pinned memory is left
  }

  notes(): readonly string[] {
    return this.reports.flatMap((event) => (event.kind === "note" ? [event.message] : []));
  }
}

const weightsOf = async ({ tensors }: Savepoint): Promise<readonly number[]> => {
  const tensor = tensors.get("w");
  assert.ok(tensor !== undefined && "data" in tensor && typeof tensor.data === "function");
  return Array.from(await tensor.data());
};

/** A test of a training on its own card, which is closed after it. */
async function training(
  write: (savepoint: Savepoint) => Promise<void>,
  work: (training: Training) => Promise<void>,
  script?: (device: CudaDevice) => Partial<CudaDevice>,
): Promise<void> {
  const made = new Training(write, script);
  await work(made);
  await made.close();
}

describe("savepoints of a training on a card", () => {
  it("are written while the next steps run, and are of the step at which they were taken", () =>
    inTemporaryFolder(async (root) => {
      const disk = gate();
      const folder = path.join(root, "savepoint");
      const write = ({ step, json, tensors }: Savepoint): Promise<void> =>
        writeSnapshot(folder, { json: { step, json }, tensors });
      await training(write, async (made) => {
        const { calls } = await hooked(
          { operation: "mkdir", at: (file) => file.endsWith("state-1"), before: () => disk.isOpen },
          async () => {
            const after = (step: number): void => {
              if (step === 3) disk.open();
            };
            assert.equal(await made.run({ total: 3, after }), undefined);
          },
        );
        assert.equal(calls, 1);
        assert.deepEqual(made.marks, ["step 1", "step 2", "save 2", "step 3", "saved 2"]);
        const snapshot = await readSnapshot(folder);
        assert.deepEqual(snapshot?.tensors, { w: Float32Array.of(2, 2) });
        assert.deepEqual(snapshot.json, { step: 2, json: "the rest" });
        assert.deepEqual(await made.backend.read(made.buffer), Float32Array.of(3, 3));
      });
    }));

  it("are torn where the next step does not wait for the copy: a test like the one above notices", async () => {
    const found: (readonly number[])[] = [];
    const write = async (savepoint: Savepoint): Promise<void> => void found.push(await weightsOf(savepoint));
    const run = async (made: Training): Promise<void> => {
      assert.equal(await made.run({ total: 3 }), undefined);
    };
    await training(write, run);
    await training(write, run, () => ({ wait: () => undefined }));
    assert.deepEqual(found, [[2, 2], [3, 3]]); // prettier-ignore
  });

  it("are under way one at a time: the next waits", async () => {
    const disk = gate();
    const found: (readonly number[])[] = [];
    const write = async (savepoint: Savepoint): Promise<void> => {
      await disk.isOpen;
      found.push(await weightsOf(savepoint));
    };
    await training(write, async (made) => {
      const ended = made.run({ total: 5 });
      while (!made.marks.includes("step 4")) await new Promise((resolve) => setImmediate(resolve));
      // It would be further by far.
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(made.marks.slice(2), ["save 2", "step 3", "step 4"]);
      disk.open();
      assert.equal(await ended, undefined);
      assert.deepEqual(made.marks.slice(5), ["saved 2", "save 4", "step 5", "saved 4"]);
      assert.deepEqual(found, [[2, 2], [4, 4]]); // prettier-ignore
    });
  });

  it("that the disk has no room for end the training at the next step, and leave the one before", () =>
    inTemporaryFolder(async (root) => {
      const folder = path.join(root, "savepoint");
      const write = ({ step, json, tensors }: Savepoint): Promise<void> =>
        writeSnapshot(folder, { json: { step, json }, tensors });
      await training(write, async (made) => {
        const full = Object.assign(new Error("no space left on device"), {
          code: "ENOSPC",
          errno: -28,
          syscall: "open",
        });
        const { result: error } = await hooked(
          {
            operation: "open",
            at: (file) => file.includes("state-2") && file.includes("tensors"),
            before: () => Promise.reject(full),
          },
          () => made.run({ total: 100 }),
        );
        assert.ok(error instanceof Error);
        assert.equal(error.name, "DiskError");
        assert.match(error.message, /no space left on the disk; free/);
        const last = made.marks.at(-1) ?? "";
        assert.match(last, /^step \d+$/);
        // Some turns of the event loop after it was begun, and long before the training would have been over.
        assert.ok(Number(last.slice(5)) < 50, last);
        assert.deepEqual(made.marks.filter((mark) => mark.startsWith("save")).slice(-2), ["saved 2", "save 4"]);
        assert.deepEqual((await readSnapshot(folder))?.tensors, { w: Float32Array.of(2, 2) });
      });
    }));

  for (const [what, name] of [
    ["a training that is over", ""],
    ["one that is asked to stop", "Stopped"],
    ["one that fails", "RangeError"],
  ] as const) {
    it(`are waited for at the end of ${what}`, async () => {
      const disk = gate();
      const write = (): Promise<void> => disk.isOpen;
      await training(write, async (made) => {
        const after = (step: number): void => {
          if (step < 3) return;
          if (name === "Stopped") made.stop.abort();
          setImmediate(() => disk.open());
          if (name === "RangeError") throw new RangeError("step 3");
        };
        const error = await made.run({ total: name === "" ? 3 : 6, after });
        if (name === "") assert.equal(error, undefined);
        else assert.ok(error instanceof (name === "Stopped" ? Stopped : RangeError));
        const stop = name === "Stopped" ? ["save 3", "saved 3"] : [];
        assert.deepEqual(made.marks.slice(2), ["save 2", "step 3", "saved 2", ...stop]);
      });
    });
  }

  it("hold the steps up where their copies would take too much of the free memory, and say so once", async () => {
    const found: (readonly number[])[] = [];
    const write = async (savepoint: Savepoint): Promise<void> => void found.push(await weightsOf(savepoint));
    await training(write, async (made) => {
      // The weights take 8 bytes.
      const writer = new SavepointWriter(made.context, () => 15);
      for (const step of [1, 2]) {
        await made.step();
        await writer.save({ step, ...made.savepoint() });
        assert.equal(made.marks.at(-1), `saved ${step}`);
      }
      await writer.release();
      assert.deepEqual(found, [[1, 1], [2, 2]]); // prettier-ignore
      assert.equal(made.notes().length, 1);
      assert.match(made.notes().join(), /^savepoints hold the steps up: .* takes memory of 8 B, and no more than 7/);
      const roomier = new SavepointWriter(made.context, () => 16);
      await roomier.save({ step: 3, ...made.savepoint() });
      assert.equal(made.marks.at(-1), "save 3");
      await roomier.release();
      assert.equal(made.marks.at(-1), "saved 3");
      assert.equal(made.notes().length, 1);
    });
  });

  it("say once that the driver pins no memory for their copies", async () => {
    const refuse = (): never => {
      throw new DriverError("pin 8 bytes of memory", CudaResult.outOfMemory, "out of memory");
    };
    const found: (readonly number[])[] = [];
    const write = async (savepoint: Savepoint): Promise<void> => void found.push(await weightsOf(savepoint));
    await training(
      write,
      async (made) => {
        assert.equal(await made.run({ total: 5 }), undefined);
        assert.deepEqual(found, [[2, 2], [4, 4]]); // prettier-ignore
        assert.equal(made.notes().length, 1);
        assert.match(
          made.notes().join(),
          /takes memory that the driver does not give: cuda: pin 8 bytes .*\(error 2\)$/,
        );
      },
      () => ({ allocateHost: refuse }),
    );
  });
});
