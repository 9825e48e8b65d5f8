import { basename, join, relative, resolve } from "node:path";
import * as z from "zod";
import { byName } from "../../common/byName.ts";
import { kindOfKey, legacyStage } from "../../protocol/legacyStages.ts";
import { LONGEST_NAME, MOST_STAGES } from "../../protocol/limits.ts";
import { type RecordFormat, readRecord } from "./records.ts";

/** File of a finished run's models. */
const MODELS_FILE = "models.json";
const VERSION = 2;
/** Longest path of a file system, in UTF-16 units. */
const LONGEST_PATH = 4096;

const entrySchema = z.object({
  /** By its name in the config: "sft-1", "soup", "salsa", "reward". */
  product: z.string().max(LONGEST_NAME),
  /** Kind of the stage that made it; "base" for one that was given. */
  kind: z.string().max(LONGEST_NAME),
  /** Base seed, in a run of several. */
  seed: z.exactOptional(z.int()),
  /** Relative to the run's folder, with `/`. */
  folder: z.string().max(LONGEST_PATH),
});

const modelsSchema = z.object({ version: z.literal(VERSION), models: z.array(entrySchema).max(MOST_STAGES) });

/** Where a model of a run is; its folder is an absolute path. */
export type ModelPlace = Readonly<z.output<typeof entrySchema>>;

/** The text of models.json, for `RunFolder.writeFile`. @param folder - The run's. */
export function modelsFile(folder: string, places: readonly ModelPlace[]): { readonly name: string; content: string } {
  const models = places.map((place) => ({ ...place, folder: relative(folder, place.folder).replaceAll("\\", "/") }));
  return { name: MODELS_FILE, content: `${JSON.stringify({ version: VERSION, models }, undefined, 2)}\n` };
}

/**
 * Reads where a finished run's models are; undefined when it has no such list.
 * @throws {DataError} when the file does not fit.
 */
export async function readModels(folder: string): Promise<readonly ModelPlace[] | undefined> {
  const format: RecordFormat<readonly ModelPlace[]> = {
    parse: (value) => {
      const old = oldSchema.safeParse(value);
      return old.success ? Object.entries(old.data).map(oldPlace) : modelsSchema.parse(value).models;
    },
    remedy: "resume the run, which writes it again",
  };
  const places = await readRecord(join(folder, MODELS_FILE), format);
  return places?.map((place) => ({ ...place, folder: resolve(folder, place.folder) }));
}

/** Before 2026-12: folders by names that spell the base seed, "seed-2/salsa". */
const oldSchema = byName(z.string().max(LONGEST_PATH), MOST_STAGES);

function oldPlace([name, folder]: readonly [string, string]): ModelPlace {
  const { product, kind, seed } = legacyStage(name);
  // Only their artifacts' names distinguish a soup from an arm.
  return {
    product,
    kind: kind === "" ? kindOfKey(basename(folder)) : kind,
    ...(seed !== undefined && { seed }),
    folder,
  };
}
