import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  type Head,
  type HostTensor,
  type ModelConfig,
  type Weights,
  parameters,
} from "../../../engine/models/index.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";

/** A tiny model and what PyTorch computes with it. */
export interface GoldenShape {
  /** config.json, by the version of transformers that wrote it. */
  readonly configs: Readonly<Record<string, unknown>>;
  /** Token ids, of two lengths. */
  readonly sequences: readonly (readonly number[])[];
  /** Per sequence, `[T, V]`. */
  readonly logits: readonly Float32Array[];
  /** Of the mean next-token loss, by the weights' names. */
  readonly gradients: ReadonlyMap<string, HostTensor>;
}

/** Every shape of shapes.json, by `family/shape`. */
export async function loadShapes(): Promise<ReadonlyMap<string, GoldenShape>> {
  const text = await readFile(join(import.meta.dirname, "shapes.json"), "utf8");
  const { lengths, shapes } = JSON.parse(text) as {
    readonly lengths: readonly number[];
    readonly shapes: Readonly<Record<string, GoldenShape["configs"]>>;
  };
  const file = await openSafetensors(join(import.meta.dirname, "results.safetensors"));
  const loaded = new Map<string, GoldenShape>();
  for (const [shape, configs] of Object.entries(shapes)) {
    const logits: Float32Array[] = [];
    for (const row of lengths.keys()) logits.push(await file.readTensor(`${shape}/logits/${row}`));
    const gradients = new Map<string, HostTensor>();
    const prefix = `${shape}/gradients/`;
    for (const [name, { shape: axes }] of file.tensors) {
      if (!name.startsWith(prefix)) continue;
      gradients.set(name.slice(prefix.length), { shape: axes, data: await file.readTensor(name) });
    }
    const vocabulary = (logits[0]?.length ?? 0) / (lengths[0] ?? 1);
    const sequences = lengths.map((length, row) => {
      return [...draw(length, `${shape}/tokens/${row}`)].map((x) => 3 + Math.floor((x + 0.5) * (vocabulary - 3)));
    });
    loaded.set(shape, { configs, sequences, logits, gradients });
  }
  await file.close();
  return loaded;
}

/** The weights that generate.py draws for a shape. */
export function goldenWeights(config: ModelConfig, shape: string, heads: readonly Head[] = ["language"]): Weights {
  const weights = [...parameters(config, heads)].map(([name, axes]) => {
    const drawn = draw(
      axes.reduce((a, b) => a * b, 1),
      `${shape}/${name}`,
    );
    const base = name.endsWith("norm.weight") ? 1 - config.normOffset : 0;
    return [name, { shape: axes, data: drawn.map((x) => base + x) }] as const;
  });
  return new Map(weights);
}

/** Multiples of 2^-16 in [-0.5, 0.5), as generate.py draws them. */
export function draw(size: number, name: string): Float32Array {
  const seed = crc32(name);
  return Float32Array.from({ length: size }, (_, index) => {
    let word = Math.imul(index, 2654435761) + seed;
    word = Math.imul(word ^ (word >>> 16), 0x45d9f3b);
    word = Math.imul(word ^ (word >>> 15), 0x27d4eb2d);
    return (word >>> 16) / 65_536 - 0.5;
  });
}
