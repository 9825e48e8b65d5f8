import { mkdir, open, rename, stat } from "node:fs/promises";
import { uniforms } from "./referenceModel.ts";

const N_TENSORS = 64;
const SHAPE = [2048, 4096] as const;
const TENSOR_BYTES = 2 * SHAPE[0] * SHAPE[1];

/** Two bf16 files of 1 GiB with the same tensors and different values, made once in `folder`. */
export async function soupFiles(folder: string): Promise<readonly [string, string]> {
  await mkdir(folder, { recursive: true });
  const files = [`${folder}/first.safetensors`, `${folder}/second.safetensors`] as const;
  for (const [i, file] of files.entries()) {
    const exists = await stat(file).catch(() => undefined);
    if (exists === undefined) await writeRandomModel(file, i + 1);
  }
  return files;
}

async function writeRandomModel(file: string, seed: number): Promise<void> {
  const tensors = Array.from({ length: N_TENSORS }, (_, i) => [
    `model.layers.${i}.mlp.down_proj.weight`,
    { dtype: "BF16", shape: SHAPE, data_offsets: [i * TENSOR_BYTES, (i + 1) * TENSOR_BYTES] },
  ]);
  const text = JSON.stringify(Object.fromEntries(tensors));
  const header = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));

  const values = randomBf16(seed);
  const handle = await open(`${file}.tmp`, "w");
  try {
    await handle.write(length);
    await handle.write(header);
    for (let i = 0; i < N_TENSORS; i++) {
      values.set(values.subarray(0, i + 1).toReversed()); // no two tensors alike
      await handle.write(new Uint8Array(values.buffer));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.tmp`, file);
}

/** Random weights of about 0.02, as bf16 bits. */
function randomBf16(seed: number): Uint16Array {
  const uniform = uniforms(seed);
  const floats = Float32Array.from({ length: SHAPE[0] * SHAPE[1] }, () => (uniform() - 0.5) * 0.07);
  const bits = new Uint32Array(floats.buffer);
  return Uint16Array.from(bits, (word) => word >>> 16);
}
