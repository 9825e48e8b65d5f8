import type { WeightType } from "../../../graph/dtype.ts";
import { DriverError } from "../driver.ts";
import type { FunctionName, LibCublasLt } from "./libcublasLt.ts";
import {
  type LibraryMatrix,
  type LibraryOperands,
  type LibraryProduct,
  type LibraryShape,
  type ProductLibrary,
  WORKSPACE_BYTES,
} from "./library.ts";
import { HEURISTIC, NUMBERS } from "./numbers.ts";

/**
 * Rows of y for which an algorithm is chosen that serves any number of them: those of a micro-batch. With another one for
 * few rows a token that is drawn would not be scored by the same numbers, and PPO's ratio would not begin at 1.
 */
const TYPICAL_N = 4096;
/** Choices that are asked for: the first that can be had is taken. */
const CHOICES = 8;

/** cuBLASLt on the queue of a device, whose context is the thread's. */
export class RealLibrary implements ProductLibrary {
  readonly workspaceBytes = WORKSPACE_BYTES;
  private readonly library: LibCublasLt;
  private readonly stream: bigint;
  private readonly handle: bigint;
  private readonly products = new Map<string, LibraryProduct | undefined>();
  /** By kind of product: the bytes of a cublasLtMatmulAlgo_t. */
  private readonly algorithms = new Map<string, Uint8Array | undefined>();
  private readonly made: (readonly [destroy: FunctionName, handle: bigint])[] = [];

  /** @throws {DriverError} when it does not start on this device. */
  constructor(library: LibCublasLt, stream: bigint) {
    this.library = library;
    this.stream = stream;
    this.handle = this.create("cublasLtCreate", "cublasLtDestroy");
  }

  prepare(shape: LibraryShape): LibraryProduct | undefined {
    const key = JSON.stringify(shape);
    if (!this.products.has(key)) this.products.set(key, this.prepared(shape));
    return this.products.get(key);
  }

  close(): void {
    for (const [destroy, handle] of this.made.reverse()) this.call(destroy, handle);
  }

  private prepared(shape: LibraryShape): LibraryProduct | undefined {
    const kind = shape.b.isTransposed ? shape : { ...shape, n: TYPICAL_N };
    const key = JSON.stringify(kind);
    const operation = this.operation(shape);
    if (!this.algorithms.has(key)) this.algorithms.set(key, this.algorithm(kind, operation));
    const algorithm = this.algorithms.get(key);
    const layouts = this.layouts(shape);
    if (algorithm === undefined || !this.isPossible(operation, layouts, algorithm)) return undefined;
    const multiply = (operands: LibraryOperands): void => this.multiply(shape, operation, layouts, algorithm, operands);
    return { warmUp: multiply, queue: multiply };
  }

  private multiply(
    { adds }: LibraryShape,
    operation: bigint,
    [a, b, d]: Layouts,
    algorithm: Uint8Array,
    operands: LibraryOperands,
  ): void {
    const { handle, stream } = this;
    const { added, workspace } = operands;
    if (adds === "bias") this.setPointer(operation, added);
    const [one, beta] = [Float32Array.of(1), Float32Array.of(adds === "matrix" ? 1 : 0)];
    const c = adds === "matrix" ? added : operands.d;
    const matrices = [operands.a, a, operands.b, b, beta, c, d, operands.d, d] as const;
    this.call("cublasLtMatmul", handle, operation, one, ...matrices, algorithm, workspace, WORKSPACE_BYTES, stream);
  }

  /** The product's descriptor. */
  private operation({ a, b, adds, addsAlignment }: LibraryShape): bigint {
    const operation = this.create(
      "cublasLtMatmulDescCreate",
      "cublasLtMatmulDescDestroy",
      NUMBERS.CUBLAS_COMPUTE_32F,
      NUMBERS.CUDA_R_32F,
    );
    const set = (attribute: number, value: number): void =>
      this.call("cublasLtMatmulDescSetAttribute", operation, attribute, Int32Array.of(value), 4);
    const transposed = ({ isTransposed }: LibraryMatrix): number =>
      isTransposed ? NUMBERS.CUBLAS_OP_T : NUMBERS.CUBLAS_OP_N;
    set(NUMBERS.CUBLASLT_MATMUL_DESC_TRANSA, transposed(a));
    set(NUMBERS.CUBLASLT_MATMUL_DESC_TRANSB, transposed(b));
    if (adds === "bias") {
      set(NUMBERS.CUBLASLT_MATMUL_DESC_EPILOGUE, NUMBERS.CUBLASLT_EPILOGUE_BIAS);
      // The choice of an algorithm goes by how the address is aligned.
      this.setPointer(operation, BigInt(addsAlignment));
    }
    return operation;
  }

  private setPointer(operation: bigint, bias: bigint): void {
    const attribute = NUMBERS.CUBLASLT_MATMUL_DESC_BIAS_POINTER;
    this.call("cublasLtMatmulDescSetAttribute", operation, attribute, BigUint64Array.of(bias), 8);
  }

  private layouts({ m, n, k, resultType, a, b, d }: LibraryShape): Layouts {
    const layout = (of: WeightType, rows: number, columns: number, step: number): bigint =>
      this.create("cublasLtMatrixLayoutCreate", "cublasLtMatrixLayoutDestroy", CODES[of], rows, columns, step);
    return [
      a.isTransposed ? layout("bf16", k, m, a.step) : layout("bf16", m, k, a.step),
      b.isTransposed ? layout("bf16", n, k, b.step) : layout("bf16", k, n, b.step),
      layout(resultType, m, n, d.step),
    ];
  }

  /** The library's first choice of those that give the same bytes every time; undefined where it has none. */
  private algorithm(shape: LibraryShape, operation: bigint): Uint8Array | undefined {
    const preference = this.create("cublasLtMatmulPreferenceCreate", "cublasLtMatmulPreferenceDestroy");
    const set = (attribute: number, value: Uint32Array | BigUint64Array): void =>
      this.call("cublasLtMatmulPreferenceSetAttribute", preference, attribute, value, value.byteLength);
    set(NUMBERS.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, BigUint64Array.of(BigInt(WORKSPACE_BYTES)));
    // Where K are channels it is summed in one go, so that the sum does not depend on how many rows there are. Where K are
    // tokens, as for gradients of weights, there are few tiles, and parts of K may be summed side by side.
    const scheme = shape.b.isTransposed
      ? NUMBERS.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE
      : NUMBERS.CUBLASLT_REDUCTION_SCHEME_NONE;
    set(NUMBERS.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, Uint32Array.of(scheme));
    const { a, b, d, addsAlignment, adds } = shape;
    const c = adds === "matrix" ? addsAlignment : d.alignment;
    set(NUMBERS.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, Uint32Array.of(a.alignment));
    set(NUMBERS.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, Uint32Array.of(b.alignment));
    set(NUMBERS.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, Uint32Array.of(c));
    set(NUMBERS.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, Uint32Array.of(d.alignment));

    const layouts = this.layouts(shape);
    const results = new Uint8Array(CHOICES * HEURISTIC.bytes);
    const found = new Int32Array(1);
    const args = [this.handle, operation, ...forCall(layouts), preference, CHOICES, results, found];
    if (!this.isDone("cublasLtMatmulAlgoGetHeuristic", ...args)) return undefined;
    for (let at = 0; at < (found[0] ?? 0); at++) {
      const result = results.subarray(at * HEURISTIC.bytes, (at + 1) * HEURISTIC.bytes);
      const algorithm = result.slice(0, HEURISTIC.algorithmBytes);
      if (isUsable(result) && this.isPossible(operation, layouts, algorithm)) return algorithm;
    }
    return undefined;
  }

  /** True where an algorithm can do a product, within the workspace. */
  private isPossible(operation: bigint, layouts: Layouts, algorithm: Uint8Array): boolean {
    const result = new Uint8Array(HEURISTIC.bytes);
    const args = [this.handle, operation, ...forCall(layouts), algorithm, result];
    return this.isDone("cublasLtMatmulAlgoCheck", ...args) && isUsable(result);
  }

  private create(name: FunctionName, destroy: FunctionName, ...args: readonly unknown[]): bigint {
    const made = new BigUint64Array(1);
    this.call(name, made, ...args);
    const [handle = 0n] = made;
    this.made.push([destroy, handle]);
    return handle;
  }

  /** Calls a function; false where the library does not support what is asked for. */
  private isDone(name: FunctionName, ...args: readonly unknown[]): boolean {
    const status = this.library.try(name, ...args);
    if (status === NUMBERS.CUBLAS_STATUS_NOT_SUPPORTED) return false;
    if (status !== NUMBERS.CUBLAS_STATUS_SUCCESS) throw this.error(name, status);
    return true;
  }

  private call(name: FunctionName, ...args: readonly unknown[]): void {
    const status = this.library.try(name, ...args);
    if (status !== NUMBERS.CUBLAS_STATUS_SUCCESS) throw this.error(name, status);
  }

  private error(name: FunctionName, status: number): DriverError {
    const { library } = this;
    return new DriverError(`${name} of cuBLASLt ${library.version}`, status, library.reason(status));
  }
}

/** Of A, B and D; C lies like D. */
type Layouts = readonly [a: bigint, b: bigint, d: bigint];

const forCall = ([a, b, d]: Layouts): readonly bigint[] => [a, b, d, d];

const CODES: Readonly<Record<WeightType, number>> = { f32: NUMBERS.CUDA_R_32F, bf16: NUMBERS.CUDA_R_16BF };

/** True where a cublasLtMatmulHeuristicResult_t is of something that can be done. */
function isUsable(result: Uint8Array): boolean {
  const view = new DataView(result.buffer, result.byteOffset, result.byteLength);
  const state = view.getInt32(HEURISTIC.stateAt, true);
  const workspace = view.getBigUint64(HEURISTIC.workspaceAt, true);
  return state === NUMBERS.CUBLAS_STATUS_SUCCESS && workspace <= BigInt(WORKSPACE_BYTES);
}
