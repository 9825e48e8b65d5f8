import {
  type LibraryMatrix,
  type LibraryOperands,
  type LibraryProduct,
  type LibraryShape,
  type ProductLibrary,
} from "../../engine/compute/backends/cuda/cublas/library.ts";
import type { DevicePointer } from "../../engine/compute/backends/cuda/driver.ts";
import { type WeightType, DTYPES, fromBf16, toBf16 } from "../../engine/compute/graph/dtype.ts";
import { PtxError } from "./errors.ts";
import * as layout from "./layout.ts";
import type { Memory } from "./memory.ts";

/** A matrix in memory: columns of `rows` numbers, `step` apart. */
interface Placed extends Omit<LibraryMatrix, "isTransposed"> {
  readonly name: string;
  readonly address: DevicePointer;
  readonly type: WeightType;
  readonly rows: number;
  readonly columns: number;
}

/** Bytes of memory, by their linear address. */
interface Extent {
  readonly from: number;
  readonly to: number;
}

/**
 * cuBLASLt as it is documented, on the interpreter's memory, and stricter: it fails on a step that is shorter than a
 * column, on addresses that are less aligned than was said, beyond an allocation or never written, and on matrices that
 * overlap; and it scribbles over its workspace. Sums are f32, in the order of K.
 */
export class PlayedProducts implements ProductLibrary {
  readonly workspaceBytes = 4096;
  readonly #memory: Memory;
  readonly #queue: (work: () => void) => void;
  readonly #notRecording: (operation: string) => void;
  #isOpen = true;

  /**
   * @param memory - Of the device.
   * @param queue - Does work, or records it.
   * @param notRecording - Throws within a capture, naming the operation.
   */
  constructor(memory: Memory, queue: (work: () => void) => void, notRecording: (operation: string) => void) {
    this.#memory = memory;
    this.#queue = queue;
    this.#notRecording = notRecording;
  }

  prepare(shape: LibraryShape): LibraryProduct {
    this.#notRecording("prepare a product");
    checkShape(shape);
    let isWarm = false;
    return {
      warmUp: (operands) => {
        this.#notRecording("warm up a product");
        this.#place(shape, operands);
        isWarm = true;
      },
      queue: (operands) => {
        if (!isWarm) throw new PtxError("product: it was not warmed up");
        this.#queue(() => this.#multiply(shape, operands));
      },
    };
  }

  close(): void {
    this.#isOpen = false;
  }

  #multiply(shape: LibraryShape, operands: LibraryOperands): void {
    const { m, n, k, adds } = shape;
    const { a, b, c, d, bias } = this.#place(shape, operands);
    const [as, bs] = [this.#numbers(a), this.#numbers(b)];
    // Places of element (i, p) of op(A) and (p, j) of op(B).
    const atA = (i: number, p: number): number => (shape.a.isTransposed ? i * k + p : p * m + i);
    const atB = (p: number, j: number): number => (shape.b.isTransposed ? p * n + j : j * k + p);
    const added = adds === "matrix" ? this.#numbers(c) : adds === "bias" ? this.#numbers(bias) : undefined;
    const result = new Float32Array(m * n);
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < m; i++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum = Math.fround(sum + as[atA(i, p)]! * bs[atB(p, j)]!);
        result[j * m + i] = sum + (added?.[adds === "bias" ? i : j * m + i] ?? 0);
      }
    }
    this.#write(d, result);
    const workspace = this.#memory.host(operands.workspace, this.workspaceBytes, "workspace", { written: false });
    this.#memory.stamp(workspace, this.workspaceBytes, layout.STAMPS.unwritten);
  }

  /** Where the matrices lie, with all that can be wrong about it checked. */
  #place(
    { m, n, k, resultType, a, b, d, adds, addsAlignment }: LibraryShape,
    operands: LibraryOperands,
  ): Readonly<Record<"a" | "b" | "c" | "d" | "bias", Placed>> {
    if (!this.#isOpen) throw new PtxError("product: the library was closed");
    const stored = (one: LibraryMatrix, rows: number, columns: number) =>
      one.isTransposed ? { rows: columns, columns: rows } : { rows, columns };
    const result = { ...d, type: resultType, rows: m, columns: n } as const;
    const added = { address: operands.added, alignment: addsAlignment };
    const placed = {
      a: { ...a, ...stored(a, m, k), name: "A", address: operands.a, type: "bf16" },
      b: { ...b, ...stored(b, k, n), name: "B", address: operands.b, type: "bf16" },
      c: { ...result, ...added, name: "C" },
      d: { ...result, name: "D", address: operands.d },
      bias: { ...added, name: "bias", type: "f32", rows: m, columns: 1, step: m },
    } as const;
    const inputs = [placed.a, placed.b, ...(adds === "nothing" ? [] : [adds === "matrix" ? placed.c : placed.bias])];
    const target = this.#extent(placed.d);
    for (const one of inputs) {
      // C may be D, whole.
      const isTarget = one === placed.c && operands.added === operands.d;
      if (overlap(this.#extent(one), target) && !isTarget) throw new PtxError(`product: ${one.name} and D overlap`);
    }
    const at = this.#memory.host(operands.workspace, this.workspaceBytes, "workspace", { written: false });
    if (at % 256 !== 0) throw new PtxError("product: the workspace is no multiple of 256");
    for (const one of [...inputs, placed.d]) {
      if (overlap(this.#extent(one), { from: at, to: at + this.workspaceBytes })) {
        throw new PtxError(`product: ${one.name} lies in the workspace`);
      }
    }
    return placed;
  }

  /** From a matrix's first byte to its last, which must be within one allocation. */
  #extent({ name, address, alignment, type, rows, columns, step }: Placed): Extent {
    const bytes = ((columns - 1) * step + rows) * DTYPES[type].bytes;
    const from = this.#memory.host(address, bytes, `product: ${name}`, { written: false });
    if (from % alignment !== 0) throw new PtxError(`product: ${name} is no multiple of ${alignment}`);
    return { from, to: from + bytes };
  }

  /** Elements of a matrix, column after column; what lies between columns is not looked at. */
  #numbers({ name, address, type, rows, columns, step }: Placed): Float32Array {
    const numbers = new Float32Array(rows * columns);
    const { bytes } = DTYPES[type];
    for (let column = 0; column < columns; column++) {
      const start = address + BigInt(column * step * bytes);
      const at = this.#memory.host(start, rows * bytes, `product: ${name}`, { written: true });
      const data = this.#memory.bytes.slice(at, at + rows * bytes).buffer;
      numbers.set(type === "f32" ? new Float32Array(data) : fromBf16(new Uint16Array(data)), column * rows);
    }
    return numbers;
  }

  #write({ name, address, type, rows, columns, step }: Placed, numbers: Float32Array): void {
    const { bytes } = DTYPES[type];
    for (let column = 0; column < columns; column++) {
      const start = address + BigInt(column * step * bytes);
      const at = this.#memory.host(start, rows * bytes, `product: ${name}`, { written: false });
      const own = numbers.slice(column * rows, (column + 1) * rows);
      const data = type === "f32" ? own : toBf16(own);
      this.#memory.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
      this.#memory.stamp(at, rows * bytes, layout.STAMPS.host);
    }
  }
}

/** Checks what cublasLtMatmulAlgoGetHeuristic refuses. */
function checkShape({ m, n, k, resultType, a, b, d, adds }: LibraryShape): void {
  const least = { A: a.isTransposed ? k : m, B: b.isTransposed ? n : k, D: m };
  const steps = { A: a.step, B: b.step, D: d.step };
  for (const name of ["A", "B", "D"] as const) {
    if (steps[name] < least[name])
      throw new PtxError(`product: step ${steps[name]} of ${name}, columns of ${least[name]}`);
  }
  if ([m, n, k].some((size) => !Number.isInteger(size) || size < 1)) throw new PtxError(`product: of ${m}, ${n}, ${k}`);
  // A bias is of D's type where that is bf16.
  if (adds === "bias" && resultType !== "f32") throw new PtxError("product: there is none of bf16 with a bias of f32");
}

const overlap = (one: Extent, other: Extent): boolean => one.from < other.to && other.from < one.to;
