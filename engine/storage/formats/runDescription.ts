import { join } from "node:path";
import * as z from "zod";
import type { RunConfig } from "../../config/index.ts";
import { withLaterSettings } from "../../config/laterSettings.ts";
import { DataError } from "../../protocol/errors.ts";
import { name, sha256, text } from "../../protocol/texts.ts";
import { readRecord } from "./records.ts";

/** The file that describes a run. */
export const RUN_FILE = "run.json";

/** The most entries of a list or section of a run's config. */
const MOST = 1000;

const names = z.array(name).max(MOST);
const seeds = z.array(z.int().min(0)).max(MOST);

/**
 * Everything of a resolved config that readers of old runs rely on: the config's own schema is one of config files, and
 * a run's config may come from another version.
 */
const configSchema = z.looseObject({
  name,
  seeds: seeds.min(1),
  arms: z.looseObject({}).refine(holds(z.looseObject({ reference: names, betas: z.array(z.number()).max(MOST) }))),
  soups: z
    .looseObject({})
    .refine(holds(z.looseObject({ method: name, of: names })))
    .optional(),
  model: z.looseObject({ checkpoint: text.optional() }),
  sft: z.looseObject({ seeds }).optional(),
  evaluation: z.looseObject({ judge: name, benchmarks: names.optional(), pairs: z.array(names).max(MOST).optional() }),
  runtime: z.looseObject({ backend: name.optional() }),
});

/** Tells if every value of an object fits. */
function holds(schema: z.ZodType): (object: object) => boolean {
  return (object) => {
    const values: readonly unknown[] = Object.values(object);
    return values.length <= MOST && values.every((value) => schema.safeParse(value).success);
  };
}

const readable = text.catch("");

/** The content of run.json; fields that a version does not write are empty, and those that do not fit are left out. */
const descriptionSchema = z.object({
  config: configSchema
    .transform((config) => config as unknown as RunConfig)
    .optional()
    .catch(undefined),
  configFile: readable,
  /** Of the config file as it was, in hexadecimal. */
  configHash: sha256.optional().catch(undefined),
  /** Versions of this program and of Node. */
  salsa: readable,
  node: readable,
  /** True of a run that another program has made: its config says little more than its name. */
  imported: z.boolean().catch(false).default(false),
  platform: readable,
  cpu: readable,
  memoryBytes: z.number().min(0).catch(0),
  git: z
    .object({ commit: readable, branch: readable, dirty: z.boolean().catch(false), diff: z.string().catch("") })
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
  if (description === undefined)
    throw new DataError("read: no such file", { file, remedy: "check the run id: salsa runs are under .salsa/runs" });
  const { config, imported } = description;
  return config === undefined || imported ? description : { ...description, config: withLaterSettings(config) };
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
