import assert from "node:assert/strict";
import { appendFile, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sizeOf } from "../../../engine/compute/graph/tensor.ts";
import {
  type HostTensor,
  type WeightArray,
  IDLE_BYTES,
  parameters,
  parseModelConfig,
} from "../../../engine/models/index.ts";
import { AS_STORED, loadFrozenModel, openFrozenModel, saveModel } from "../../../engine/pipeline/modelFolder.ts";
import { ChangedCheckpoint, StoredWeights } from "../../../engine/pipeline/storedWeights.ts";
import { wordLevelTokenizer } from "../../../engine/text/index.ts";
import { PICO_JSON } from "../models/pico.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";

/** A checkpoint's folder with so many tokens, 16 numbers each in its two embeddings. */
async function withModel(work: (folder: string) => Promise<void>, vocabularySize = 19): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const config = parseModelConfig({ ...PICO_JSON, vocab_size: vocabularySize });
    const numbered = [...parameters(config)].map(([name, shape]): [string, HostTensor] => {
      return [name, { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, at) => (at % 1021) / 1021) }];
    });
    await saveModel(folder, { config, weights: new Map(numbered), tokenizer: wordLevelTokenizer(["one", "two"]) });
    await work(folder);
  });
}

const open = (folder: string): Promise<StoredWeights> => StoredWeights.open(folder, ["language"], () => "f32");

async function collected(
  stream: AsyncIterable<readonly [name: string, tensor: HostTensor<WeightArray>]>,
): Promise<Map<string, HostTensor<WeightArray>>> {
  const all = new Map<string, HostTensor<WeightArray>>();
  for await (const [name, { shape, data }] of stream) all.set(name, { shape, data: data.slice() });
  return all;
}

describe("weights of a checkpoint that are read again and again", () => {
  it("are each time those that are read at once, in the types that they are held in", () =>
    withModel(async (folder) => {
      for (const type of ["f32", "bf16"] as const) {
        const stored = await StoredWeights.open(folder, ["language"], () => type);
        const whole = await stored.load();
        for (let time = 0; time < 2; time++) assert.deepEqual(await collected(stored.read()), whole);
        const bytes = [...whole.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
        assert.equal(stored.bytes, bytes);
      }
    }));

  it("are held in memory where they are few, and read from the file where they are many", () =>
    withModel(async (folder) => {
      const few = await openFrozenModel(folder, AS_STORED);
      assert.ok(few.weights instanceof Map);
      await withModel(
        async (large) => {
          const { weights } = await openFrozenModel(large, AS_STORED);
          assert.ok("read" in weights);
          const whole = (await loadFrozenModel(large, AS_STORED)).weights;
          const names: string[] = [];
          for await (const [name, { data }] of weights.read()) {
            names.push(name);
            // Millions of numbers, which deepEqual would compare one by one.
            assert.ok(Buffer.from(data.buffer, 0, data.byteLength).equals(bytesOf(whole.get(name)?.data)), name);
          }
          assert.deepEqual(names, [...whole.keys()]);
          // Two embeddings of 16 numbers a token.
        },
        IDLE_BYTES / (2 * 16 * 4),
      );
    })).timeout(60_000);

  const bytesOf = (data: WeightArray = new Float32Array()): Uint8Array =>
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

  const CHANGES: Readonly<Record<string, (file: string) => Promise<void>>> = {
    "another length": (file) => appendFile(file, "x"),
    "another content of the same length, written later": async (file) => {
      const bytes = await readFile(file);
      await writeFile(file, bytes.fill(1, bytes.length - 2));
      await utimes(file, 1, 1);
    },
    "another file in its place": async (file) => {
      await writeFile(`${file}.new`, await readFile(file));
      await rename(`${file}.new`, file);
    },
    "no file": (file) => rm(file),
  };
  for (const [what, change] of Object.entries(CHANGES)) {
    it(`are refused by the file's name where there is ${what}`, () =>
      withModel(async (folder) => {
        const stored = await open(folder);
        await stored.check();
        const file = join(folder, "model.safetensors");
        await change(file);
        await assert.rejects(collected(stored.read()), (error: unknown) => {
          assert.ok(error instanceof ChangedCheckpoint);
          assert.ok(
            error.message.includes(folder) && error.message.includes("since the stage began; leave checkpoints"),
          );
          return true;
        });
        if (what !== "no file") await assert.rejects(stored.load(), { file });
      }));
  }

  it("are refused where the file changes while it is read", () =>
    withModel(async (folder) => {
      const stored = await open(folder);
      const stream = stored.read();
      await stream.next();
      await utimes(join(folder, "model.safetensors"), 1, 1);
      await assert.rejects(collected(stream), ChangedCheckpoint);
    }));

  it("are refused before anything is trained where one is not finite", () =>
    withModel(async (folder) => {
      const file = join(folder, "model.safetensors");
      const bytes = await readFile(file);
      await writeFile(file, bytes.fill(0xff, bytes.length - 2));
      await assert.rejects((await open(folder)).check(), /tensor \S+: holds numbers that are not finite/);
    }));
});
