import { join } from "node:path";
import * as z from "zod";
import type { RunConfig } from "../../config/index.ts";
import { DataError } from "../../protocol/errors.ts";
import { readRecord } from "./records.ts";

/** The file that describes a run. */
export const RUN_FILE = "run.json";

/**
 * Everything of a resolved config that readers of old runs rely on: the config's own schema is one of config files, and
 * a run's config may come from another version.
 */
const configSchema = z.looseObject({
  name: z.string(),
  seeds: z.array(z.number()),
  arms: z.looseObject({}),
  model: z.looseObject({}),
  evaluation: z.looseObject({ judge: z.string() }),
  runtime: z.looseObject({}),
});

const text = z.string().catch("");

/** The content of run.json; fields that a version does not write are empty, and those that do not fit are left out. */
const descriptionSchema = z.object({
  config: configSchema
    .transform((config) => config as unknown as RunConfig)
    .optional()
    .catch(undefined),
  configFile: text,
  /** Versions of this program and of Node. */
  salsa: text,
  node: text,
  platform: text,
  cpu: text,
  memoryBytes: z.number().catch(0),
  git: z
    .object({ commit: text, branch: text, dirty: z.boolean().catch(false), diff: text })
    .optional()
    .catch(undefined),
});

/** The origin of a run, as far as this version can read it. */
export type RunDescription = Readonly<z.output<typeof descriptionSchema>>;

/** A description whose config can be read. */
export interface RunnableDescription extends RunDescription {
  readonly config: RunConfig;
}

const remedy = "start the run again from its config";

/**
 * Reads run.json.
 * @throws {DataError} when there is no such run, or the file is damaged.
 */
export async function readDescription(folder: string): Promise<RunDescription> {
  const file = join(folder, RUN_FILE);
  const description = await readRecord(file, { parse: (value) => descriptionSchema.parse(value), remedy });
  if (description !== undefined) return description;
  throw new DataError("read: no such file", { file, remedy: "check the run id: salsa runs are under .salsa/runs" });
}

/**
 * Reads run.json for those who need the config.
 * @throws {DataError} when there is no such run, or its config is not one that this version can read.
 */
export async function readRunnable(folder: string): Promise<RunnableDescription> {
  const description = await readDescription(folder);
  const { config, configFile } = description;
  if (config !== undefined && configFile !== "") return { ...description, config };
  throw new DataError("lacks a config that this version can read", { file: join(folder, RUN_FILE), remedy });
}
