import { type Resources, recordedResources } from "../../engine/compute/backends/cuda/build.ts";
import type { KernelLaunch } from "../../engine/compute/backends/cuda/launch.ts";
import { type Sheet, sheetMarkdown } from "../../engine/evaluation/tables/sheet.ts";
import { CountingBackend, type Counts } from "./countingBackend.ts";
import { CEILINGS, type Ceilings, occupancy, secondsOf } from "./roofline.ts";
import { figuresOf, targetText } from "./figures.ts";
import { type Sizes, SIZES, figureSizes } from "./shapes.ts";
import { decode, ppo, train } from "./work.ts";

/** Seconds that a launch within a graph takes at the least, by what is commonly measured. */
const LAUNCH_SECONDS = 2e-6;
/** Once to warm up, once to measure. */
const ONCE = { seconds: 0, repeats: 1 } as const;
const RUNS = 2;

/** One kind of work, as it was counted. */
export interface Planned {
  readonly name: string;
  /** Tokens of one step: a training step, or a token of every sequence; undefined of an iteration of PPO, whose time counts. */
  readonly tokens: number | undefined;
  /** Of one step, as all that follow. */
  readonly runs: number;
  readonly launches: number;
  readonly bytes: number;
  readonly f32Flops: number;
  readonly bf16Flops: number;
  readonly peakBytes: number;
  /** By card, in the order of CEILINGS: roofline and launches, one after the other. */
  readonly seconds: readonly number[];
  readonly kernels: Counts["kernels"];
}

/** Counts what every benchmark of `npm run gpu` would ask of a card. */
export async function planned(sizes: Sizes): Promise<readonly Planned[]> {
  const [first] = sizes.models;
  if (first === undefined) throw new TypeError("planned: there are no shapes");
  const work: Planned[] = [];
  const count = async (
    { steps = 1, ...named }: Pick<Planned, "name" | "tokens"> & { readonly steps?: number },
    run: (backend: CountingBackend) => Promise<unknown>,
  ): Promise<void> => {
    const backend = new CountingBackend("bf16");
    await run(backend);
    work.push(plannedOf(named, RUNS * steps, backend));
  };
  for (const shape of sizes.models) {
    const { name, batch, length } = shape;
    await count({ name: `train.${name}`, tokens: batch * length }, (backend) => train(backend, shape, ONCE));
  }
  for (const shape of sizes.models) {
    for (const batch of sizes.decode.batches) {
      const named = { name: `decode.${shape.name}.${batch}`, tokens: batch, steps: sizes.decode.response };
      await count(named, (backend) => decode(backend, shape, { ...ONCE, ...sizes.decode, batch }));
    }
  }
  const ofPpo = { name: `ppo.${first.name}`, tokens: undefined };
  await count(ofPpo, (backend) => ppo(backend, first, { ...ONCE, ...sizes.ppo }));
  return work;
}

function plannedOf(
  named: Pick<Planned, "name" | "tokens">,
  steps: number,
  { counts, memory }: CountingBackend,
): Planned {
  const { costs, runs, launches, kernels } = counts;
  let [bytes, f32Flops, bf16Flops] = [0, 0, 0];
  for (const [cost, count] of costs) {
    bytes += count * cost.bytes;
    if (cost.isBf16) bf16Flops += count * cost.flops;
    else f32Flops += count * cost.flops;
  }
  return {
    ...named,
    runs: runs / steps,
    launches: launches / steps,
    bytes: bytes / steps,
    f32Flops: f32Flops / steps,
    bf16Flops: bf16Flops / steps,
    peakBytes: memory.peakBytes,
    seconds: CEILINGS.map((one) => (secondsOf(costs, one) + launches * LAUNCH_SECONDS) / steps),
    kernels,
  };
}

/** The tables of `npm run gpu -- --planned`, in Markdown. */
export async function plannedText(): Promise<string> {
  const work = await planned(SIZES.real);
  const resources = resourcesOf();
  return ["Planned, not measured: nothing of this has run on a card.", "", sheetMarkdown(workSheet(work))]
    .concat("", sheetMarkdown(figureSheet(work, SIZES.real)), "", sheetMarkdown(kernelSheet(work, resources)))
    .join("\n");
}

/**
 * Every figure that has a target, with what the cards would do at best of that which ours is compared by: tokens a second
 * of training and decoding, seconds of an iteration of PPO. What PyTorch does there nobody has measured.
 */
export function figureSheet(work: readonly Planned[], sizes: Sizes): Sheet {
  const [hopper, ampere] = [9, 8].map((major) =>
    figuresOf({ ...figureSizes(sizes), card: { capability: [major, 0] } }),
  );
  const rows = (hopper ?? []).flatMap((figure, at) => {
    const [target, other] = [targetText(figure), targetText(ampere?.[at] ?? {})];
    if (target === "") return [];
    const one = work.find(({ name }) => figure.name.startsWith(`gpu.${name}.`));
    const planned = one?.seconds.map((seconds) => rateText(one, seconds)) ?? CEILINGS.map(() => "");
    const both = other === target ? target : `${target}; on Ampere and Ada ${other}`;
    return [[figure.name, both, "planned, not measured", ...planned]];
  });
  const left = (header: string): Sheet["columns"][number] => ({ header, align: "left" });
  return {
    columns: [
      ...["figure", "target", ""].map(left),
      ...CEILINGS.map(({ name }) => ({ header: `${name}, at best`, align: "right" as const })),
    ],
    rows,
  };
}

/** Of a step that takes so many seconds, with its unit. */
const rateText = ({ tokens }: Planned, seconds: number): string =>
  tokens === undefined ? `${rounded(seconds)} s` : `${rounded(tokens / seconds)} tokens/s`;

function workSheet(work: readonly Planned[]): Sheet {
  const right = (header: string) => ({ header, align: "right" as const });
  return {
    columns: [
      { header: "one step of", align: "left" },
      ...["waits", "launches", "GB", "TFLOP f32", "TFLOP bf16", "peak GiB"].map(right),
      ...CEILINGS.map(({ name }) => right(`${name}, ms`)),
    ],
    rows: work.map(({ name, runs, launches, bytes, f32Flops, bf16Flops, peakBytes, seconds }) => [
      name,
      rounded(runs),
      Math.round(launches),
      ...[bytes / 1e9, f32Flops / 1e12, bf16Flops / 1e12, peakBytes / 2 ** 30].map(rounded),
      ...seconds.map((one) => rounded(one * 1000)),
    ]),
  };
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));

/** Registers and static shared memory by architecture and kernel, as ptxas told the build. */
function resourcesOf(): ReadonlyMap<string, Resources> {
  return new Map(recordedResources().map((one) => [`${one.architecture} ${one.kernel}`, one]));
}

function kernelSheet(work: readonly Planned[], resources: ReadonlyMap<string, Resources>): Sheet {
  const kernels = new Map<string, KernelLaunch>();
  for (const { kernels: own } of work) {
    for (const [name, { launch }] of own) {
      const before = kernels.get(name);
      if (before === undefined || (launch.sharedBytes ?? 0) > (before.sharedBytes ?? 0)) kernels.set(name, launch);
    }
  }
  const share = (kernel: string, launch: KernelLaunch, ceilings: Ceilings): string => {
    const found = resources.get(`${ceilings.arch} ${kernel}`);
    if (found === undefined) return "";
    const sharedBytes = found.sharedBytes + (launch.sharedBytes ?? 0);
    const taken = occupancy({ registers: found.registers, threads: launch.threads, sharedBytes }, ceilings);
    return `${found.registers} · ${(sharedBytes / 1024).toFixed(1)} · ${Math.round(100 * taken)} %`;
  };
  return {
    columns: [
      {
        header: "kernel, unless it fills a multiprocessor of the first card: registers · shared KiB · occupancy",
        align: "left",
      },
      { header: "threads", align: "right" },
      ...CEILINGS.map(({ name, arch }) => ({ header: `${name} (${arch})`, align: "right" as const })),
    ],
    rows: [...kernels]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kernel, launch]) => [kernel, launch.threads, ...CEILINGS.map((one) => share(kernel, launch, one))])
      .filter(([, , first]) => !String(first).endsWith(" 100 %")),
  };
}
