import * as z from "zod";
import { dictionary } from "../common/dictionary.ts";
import { DataError, DiskError } from "../protocol/errors.ts";
import { JsonError, parseJson } from "../common/json.ts";
import { mergedPalettes, N_PLACES, type Palette, type PaletteName, withPlaces } from "../protocol/palette.ts";
import { name as shortName } from "../protocol/texts.ts";
import { placeBelow } from "./places.ts";
import { readText } from "./reading.ts";
import { writeAt } from "./writing.ts";

/** File of a root that says which looks the arms and other models of all its runs have. */
export const PALETTE_FILE = "palette.json";

/** Names that are kept; those beyond get places for the moment. */
const MOST_NAMES = 4096;
const MOST_BYTES = 4 * 1024 * 1024;

const paletteSchema = z.object({
  version: z.literal(1),
  places: z
    .array(
      z.tuple([
        shortName,
        z
          .int()
          .min(0)
          .max(N_PLACES - 1),
      ]),
    )
    .max(MOST_NAMES),
});

/**
 * The looks that models have had in a root.
 * @throws {DataError} when the file is damaged or does not fit.
 * @throws {DiskError}
 */
export async function readPalette(root: string): Promise<Palette> {
  const place = placeBelow(root, PALETTE_FILE);
  const text = await readText(place, MOST_BYTES);
  if (text === undefined) return dictionary();
  try {
    return dictionary(paletteSchema.parse(parseJson(text, 4 * MOST_NAMES)).places);
  } catch (cause) {
    if (!(cause instanceof JsonError || cause instanceof z.ZodError)) throw cause;
    const remedy = "remove it: models may get other colours than they had";
    throw new DataError("read: is not a palette", { file: place.file, remedy }, { cause });
  }
}

/** The same; empty where the file cannot be read: no view is worth failing for its colours. */
export async function knownPalette(root: string): Promise<Palette> {
  return unlessBroken(readPalette(root), dictionary());
}

/** Those of several roots as one, the first counting most: of the roots of a window or an export, whichever runs are seen. */
export async function knownPalettes(roots: readonly string[]): Promise<Palette> {
  return mergedPalettes(await Promise.all(roots.map((root) => knownPalette(root))));
}

/** Gives the models of a run that begins their looks for good. Where the file cannot be read or written it stays as it is. */
export async function keepPalette(root: string, names: readonly PaletteName[]): Promise<void> {
  const known = await unlessBroken(readPalette(root), undefined);
  if (known === undefined) return;
  const palette = withPlaces(known, names);
  // Places that another run keeps meanwhile may be lost, and are kept when its next run begins.
  if (palette !== known) await unlessBroken(write(root, palette), undefined);
}

async function unlessBroken<T, U>(result: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof DataError || error instanceof DiskError) return otherwise;
    throw error;
  }
}

async function write(root: string, palette: Palette): Promise<void> {
  const places = Object.entries(palette).slice(0, MOST_NAMES);
  const lines = places.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  await writeAt(placeBelow(root, PALETTE_FILE), `{\n  "version": 1,\n  "places": [\n${lines}\n  ]\n}\n`);
}
