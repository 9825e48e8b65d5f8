import type { DeviceProperties } from "../../engine/compute/backends/cuda/driver.ts";

/** A figure that the project promises, from what was measured; undefined where a part of it was not. */
export interface Figure {
  readonly name: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly of: (measured: Numbers) => number | undefined;
}

/** Measured numbers by their names. */
export type Numbers = ReadonlyMap<string, number>;

/** A figure as it came out. */
export interface FigureResult extends Pick<Figure, "name" | "atLeast" | "atMost"> {
  readonly value: number;
  readonly isMet: boolean;
}

const ratio =
  (ours: string, theirs: readonly string[]) =>
  (measured: Numbers): number | undefined => {
    const own = measured.get(ours);
    const others = theirs.flatMap((name) => measured.get(name) ?? []);
    return own === undefined || others.length === 0 ? undefined : own / Math.max(...others);
  };

/** Of times, where less is more. */
const inverse =
  (ours: string, theirs: string) =>
  (measured: Numbers): number | undefined => {
    const [own, other] = [measured.get(ours), measured.get(theirs)];
    return own === undefined || other === undefined ? undefined : other / own;
  };

const rate = "tokensPerSecond";

/** Sizes of what the figures are of, and the card that they are for. */
export interface FigureSettings {
  readonly shapes: readonly string[];
  /** Sequences that are decoded side by side. */
  readonly batches: readonly number[];
  /** Rows and columns of the largest square product. */
  readonly product: number;
  readonly card: Pick<DeviceProperties, "capability">;
}

/** Compute capability of Ampere and Ada, where `mma.sync` is all that tensor cores have; Hopper's have more. */
const AMPERE = 8;

/**
 * The figures of the GPU engine: speeds over PyTorch's in the same run on the same card. Training is by our own kernels
 * and, where one is found, with cuBLASLt.
 */
export function figuresOf({ shapes, batches, product, card: { capability } }: FigureSettings): readonly Figure[] {
  return [
    ...shapes.flatMap((shape): readonly Figure[] => [
      {
        name: `gpu.train.${shape}.vsEager`,
        atLeast: 0.6,
        of: ratio(`train.${shape}.bf16.${rate}`, [`torch.train.${shape}.eager.${rate}`]),
      },
      {
        name: `gpu.train.${shape}.cublas.vsEager`,
        atLeast: 1,
        of: ratio(`train.${shape}.cublas.${rate}`, [`torch.train.${shape}.eager.${rate}`]),
      },
      {
        name: `gpu.train.${shape}.vsCompiled`,
        of: ratio(`train.${shape}.bf16.${rate}`, [`torch.train.${shape}.compiled.${rate}`]),
      },
      {
        name: `gpu.train.${shape}.f32.vsEager`,
        of: ratio(`train.${shape}.f32.${rate}`, [`torch.train.${shape}.f32.${rate}`]),
      },
    ]),
    ...shapes.flatMap((shape) =>
      batches.flatMap((batch): readonly Figure[] => {
        const [own, theirs] = [`decode.${shape}.${batch}`, `torch.decode.${shape}.${batch}`];
        return [
          {
            name: `gpu.${own}.vsTransformers`,
            atLeast: 2,
            of: ratio(`${own}.${rate}`, [`${theirs}.eager.${rate}`, `${theirs}.compiled.${rate}`]),
          },
          {
            name: `gpu.${own}.vsBandwidth`,
            atLeast: 0.5,
            of: ratio(`${own}.bytesPerSecond`, ["rates.copy.within", "torch.rates.copy.within"]),
          },
        ];
      }),
    ),
    { name: "gpu.ppo.135m.vsTorch", atLeast: 3, of: inverse("ppo.135m.seconds", "torch.ppo.135m.seconds") },
    {
      name: "gpu.product.bf16.vsCublas",
      atLeast: capability[0] === AMPERE ? 0.8 : 0.45,
      of: ratio(`rates.product.bf16.${product}`, [`torch.rates.product.bf16.${product}`]),
    },
    {
      name: "gpu.product.bf16.cublas.vsCublas",
      of: ratio(`rates.cublas.product.bf16.${product}`, [`torch.rates.product.bf16.${product}`]),
    },
    {
      name: "gpu.product.bf16.vsOwnCublas",
      of: ratio(`rates.product.bf16.${product}`, [`rates.cublas.product.bf16.${product}`]),
    },
    {
      name: "gpu.product.f32.vsCublas",
      of: ratio(`rates.product.f32.${product}`, [`torch.rates.product.f32.${product}`]),
    },
    ...["rmsNorm", "gatedActivation", "add"].map((kernel) => ({
      name: `gpu.kernel.${kernel}.vsCopy`,
      atLeast: 0.8,
      of: ratio(`rates.bytes.${kernel}`, ["rates.copy.within", "torch.rates.copy.within"]),
    })),
    { name: "gpu.startup.seconds", atMost: 5, of: (measured) => measured.get("startup.135m.seconds") },
  ];
}

/** A figure's target, for people; empty where it has none. */
export function targetText({ atLeast, atMost }: Pick<Figure, "atLeast" | "atMost">): string {
  if (atLeast !== undefined) return `at least ${atLeast}`;
  return atMost === undefined ? "" : `at most ${atMost}`;
}

/** The figures that can be told from what was measured. */
export function resultsOf(figures: readonly Figure[], measured: Numbers): readonly FigureResult[] {
  return figures.flatMap(({ of, ...figure }) => {
    const value = of(measured);
    const { atLeast = -Infinity, atMost = Infinity } = figure;
    return value === undefined ? [] : [{ ...figure, value, isMet: value >= atLeast && value <= atMost }];
  });
}
