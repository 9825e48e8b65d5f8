import { type DType, type WeightType, WEIGHT_TYPES } from "../../graph/dtype.ts";
import { plan } from "../../graph/program.ts";
import { type Tensor, Graph, defined } from "../../graph/tensor.ts";
import { matmul } from "../../ops/matmul.ts";
import type { BackendPart } from "../descriptor.ts";
import type { CudaBackend } from "./backend.ts";
import type { CudaDevice } from "./driver.ts";

/** How long something is measured. */
export interface MeasuringTime {
  /** After which no other repetition begins. */
  readonly seconds: number;
  /** Repetitions at most; the first one, which compiles, is not counted. */
  readonly repeats: number;
}

/** Seconds of the fastest of several repetitions: what else the machine does only ever slows one down. `now` is in ms. */
export async function fastest(
  work: () => Promise<unknown>,
  { seconds, repeats }: MeasuringTime,
  now = (): number => performance.now(),
): Promise<number> {
  await work();
  let best = Infinity;
  const start = now();
  for (let done = 0; done < repeats; done++) {
    const began = now();
    await work();
    best = Math.min(best, (now() - began) / 1000);
    if (now() - start > seconds * 1000) break;
  }
  return best;
}

/** Pieces of work that are queued between two looks at the clock, so that the host does not count. */
const QUEUED = 10;

/**
 * How often a second a card does the work that `build` adds to an empty graph: a program without outputs, whose variables
 * hold ones.
 */
export async function timesPerSecond(
  backend: CudaBackend,
  build: (graph: Graph) => readonly Tensor[],
  patience: MeasuringTime,
): Promise<number> {
  const program = plan({}, build(new Graph()));
  const executable = backend.compile(program);
  const variables = Object.fromEntries(
    Object.entries(program.variables).map(([name, id]) => {
      const buffer = backend.reserve(defined(program.values[id]));
      fill(backend, buffer);
      return [name, buffer];
    }),
  );
  try {
    const run = (): Promise<unknown> =>
      Promise.all(Array.from({ length: QUEUED }, () => executable.run({ variables })));
    return QUEUED / (await fastest(run, patience));
  } finally {
    executable.release();
    for (const buffer of Object.values(variables)) backend.release(buffer);
  }
}

/** 1 in f32, and twice in bf16. */
const ONE = { f32: 0x3f80_0000, bf16: 0x3f80_3f80, i32: 1 } as const satisfies Record<DType, number>;

function fill({ device }: CudaBackend, { address, dtype, shape }: ReturnType<CudaBackend["reserve"]>): void {
  const bytes = shape.reduce((product, size) => product * size, dtype === "bf16" ? 2 : 4);
  // Memory is given out in multiples of four bytes.
  device.fill(address, ONE[dtype], Math.ceil(bytes / 4));
}

/** Floating-point operations a second of a square product. */
export async function productRate(
  backend: CudaBackend,
  { size, type, ...patience }: MeasuringTime & { readonly size: number; readonly type: WeightType },
): Promise<number> {
  const build = (graph: Graph): readonly Tensor[] => {
    const [a, b] = [graph.variable("a", [size, size], type), graph.variable("b", [size, size], type)];
    return [matmul(a, b, { transposeB: true })];
  };
  return 2 * size ** 3 * (await timesPerSecond(backend, build, patience));
}

/** Rates of copies in bytes a second. */
export interface CopyRates {
  /** Within the card, where each byte is read and written. */
  readonly within: number;
  readonly toCard: number;
  readonly fromCard: number;
}

/** Measures copies of so many bytes, a multiple of four. */
export async function copyRates(
  device: CudaDevice,
  { bytes, ...patience }: MeasuringTime & { readonly bytes: number },
): Promise<CopyRates> {
  const host = new Uint8Array(bytes).fill(1);
  const [from, to] = [device.allocate(bytes), device.allocate(bytes)];
  try {
    device.copyToDevice(from, host);
    const within = await fastest(() => {
      for (let queued = 0; queued < QUEUED; queued++) device.copy(to, from, bytes);
      return device.finish();
    }, patience);
    const up = await fastest(() => {
      device.copyToDevice(from, host);
      return device.finish();
    }, patience);
    const down = await fastest(() => {
      device.copyToHost(host, to);
      return device.finish();
    }, patience);
    return { within: (QUEUED * 2 * bytes) / within, toCard: bytes / up, fromCard: bytes / down };
  } finally {
    device.free(from);
    device.free(to);
  }
}

/** Sizes and times of a look at a card: some seconds altogether, and less than half a gibibyte. */
export const LOOK = { bytes: 2 ** 27, product: 4096, seconds: 0.5, repeats: 20 } as const;

/** Measures a card for some seconds, for people. */
export async function measuredParts(
  backend: CudaBackend,
  { bytes, product, ...patience }: { readonly [K in keyof typeof LOOK]: number } = LOOK,
): Promise<readonly BackendPart[]> {
  const { index } = backend.device.properties;
  const copies = await copyRates(backend.device, { bytes, ...patience });
  const part = (what: string, detail: string): BackendPart => ({
    name: `card ${index} ${what}`,
    isThere: true,
    detail,
  });
  const gigabytes = (rate: number): string => `${rounded(rate / 1e9)} GB/s`;
  const host = `to it ${gigabytes(copies.toCard)}, from it ${gigabytes(copies.fromCard)}`;
  return [
    part("copies", `within the card ${gigabytes(copies.within)}, ${host}`),
    await productsPart(backend, { what: "products", types: WEIGHT_TYPES }, { product, ...patience }),
    part("free memory", `${(backend.device.freeBytes() / 2 ** 30).toFixed(1)} GiB`),
  ];
}

/** Measures the products of a backend, of some types, which are our own kernels' or a library's. */
export async function productsPart(
  backend: CudaBackend,
  { what, types }: { readonly what: string; readonly types: readonly WeightType[] },
  { product, seconds, repeats }: MeasuringTime & { readonly product: number } = LOOK,
): Promise<BackendPart> {
  const rates: string[] = [];
  for (const type of types) {
    const rate = await productRate(backend, { size: product, type, seconds, repeats });
    rates.push(`${type} ${rounded(rate / 1e12)} TFLOP/s`);
  }
  const detail = `${product} × ${product} × ${product}: ${rates.join(", ")}`;
  return { name: `card ${backend.device.properties.index} ${what}`, isThere: true, detail };
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));
