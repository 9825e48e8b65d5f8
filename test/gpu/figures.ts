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

/**
 * The figures of the issue of the GPU engine: speeds over PyTorch's in the same run on the same card. Training is by our own
 * kernels and, where one is found, with cuBLASLt; a product's target is that of Hopper, 0.8 for Ampere and Ada.
 */
export function figuresOf(shapes: readonly string[], batches: readonly number[], product: number): readonly Figure[] {
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
      atLeast: 0.45,
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

/** The figures that can be told from what was measured. */
export function resultsOf(figures: readonly Figure[], measured: Numbers): readonly FigureResult[] {
  return figures.flatMap(({ of, ...figure }) => {
    const value = of(measured);
    const { atLeast = -Infinity, atMost = Infinity } = figure;
    return value === undefined ? [] : [{ ...figure, value, isMet: value >= atLeast && value <= atMost }];
  });
}
