import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../protocol/errors.ts";
import { onDisk } from "../storage/disk.ts";
import { readCheckpointFiles } from "../storage/checkpoints.ts";
import { stableHash } from "../storage/json.ts";

/**
 * SHA-256 of a data file's bytes, hex.
 * @throws {DataError} when there is no such file.
 */
export async function fileFingerprint(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  } catch (cause) {
    throw new DataError("cannot be read", { file, remedy: "check the path in the config's data section" }, { cause });
  }
  return hash.digest("hex");
}

/**
 * Name for a checkpoint that was there before: its settings, and sizes and times of its weight files, whose gigabytes
 * are not worth reading for a name.
 * @throws {CheckpointError} when the folder is no checkpoint.
 */
export async function folderFingerprint(folder: string): Promise<string> {
  const { config, tokenizer } = await readCheckpointFiles(folder);
  const names = (await onDisk("list", folder, () => readdir(folder))).filter((name) => name.endsWith(".safetensors"));
  const files = await Promise.all(
    names.sort().map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name));
      return { name, size, mtimeMs };
    }),
  );
  return `checkpoint-${stableHash({ config, tokenizer, files }).slice(0, 16)}`;
}
