import { join } from "node:path";
import * as z from "zod";
import { DataError } from "../../protocol/errors.ts";
import { LONGEST_NAME } from "../../protocol/limits.ts";
import { LineTail } from "../lineTail.ts";
import { recordOf } from "../logLine.ts";
import { entryAt, placeOf } from "../places.ts";
import { SharedLog } from "../sharedLog.ts";

/** File of what figures have measured, in a run's folder. */
export const FIGURE_POINTS_FILE = "figurePoints.jsonl";

/** Bytes of the file that are read; a point takes some 200. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Models of a soup, and places of a plane's grid along a side. */
const [MOST_MODELS, LONGEST_SIDE] = [16, 200];

const name = z.string().max(LONGEST_NAME);
const hash = z.string().regex(/^[0-9a-f]{16}$/);
const place = { x: z.number(), y: z.number() };

/** Names what was measured together: everything that a point depends on but its weights. */
const setSchema = z.object({
  kind: z.literal("set"),
  /** Name of the figure. */
  figure: name,
  set: hash,
  /** Base seed. */
  seed: z.int(),
  /** Models that are mixed, by their names in the config. */
  of: z.array(name).min(2).max(MOST_MODELS),
  /** Whose prompts: a benchmark, or the validation split. */
  prompts: name,
  n: z.int().min(1),
  /** Of a plane: its grid, and what lies on it, in distances of weight space. */
  plane: z.exactOptional(
    z.object({
      columns: z.int().min(2).max(LONGEST_SIDE),
      rows: z.int().min(2).max(LONGEST_SIDE),
      left: z.number(),
      bottom: z.number(),
      step: z.number().positive(),
      corners: z.array(z.object({ name, ...place })).max(MOST_MODELS),
      projected: z.array(z.object({ name, ...place, distance: z.number(), length: z.number() })).max(1000),
    }),
  ),
});

/** A soup, and what was measured of it. */
const pointSchema = z.object({
  kind: z.literal("point"),
  figure: name,
  set: hash,
  /** Of the models, adding up to 1. */
  weights: z.array(z.number()).min(2).max(MOST_MODELS),
  /** Mean reward over the prompts, with its standard error. */
  reward: z.number(),
  se: z.number().min(0),
  /** Mean length of the answers, in tokens, and the share that ended. */
  tokens: z.number().min(0),
  ended: z.number().min(0).max(1),
  /** Mean KL to the first model in nats per answer, with its standard error, where it was measured. */
  kl: z.exactOptional(z.number()),
  klSe: z.exactOptional(z.number().min(0)),
});

const recordSchema = z.discriminatedUnion("kind", [setSchema, pointSchema]);

/** A line of figurePoints.jsonl. */
export type FigurePoint = Readonly<z.output<typeof recordSchema>>;
/** Points that were measured together. */
export type FigureSet = Extract<FigurePoint, { readonly kind: "set" }>;
/** A measured soup. */
export type MeasuredSoup = Extract<FigurePoint, { readonly kind: "point" }>;

/**
 * Points that were measured for a run's figures, in the order of its records; empty where nothing was. Lines that were cut off,
 * or that do not fit, are passed over: what they held is measured again.
 *
 * @throws {DataError} when the file is a link or a device, or too large.
 */
export async function readFigurePoints(folder: string): Promise<readonly FigurePoint[]> {
  const file = join(folder, FIGURE_POINTS_FILE);
  const size = (await entryAt(placeOf(file)))?.size ?? 0;
  if (size > MOST_BYTES) {
    const remedy = "remove it: what it holds is measured again when a figure is asked for";
    throw new DataError(`read: holds ${size} bytes, more than the ${MOST_BYTES} that are read`, { file, remedy });
  }
  const points: FigurePoint[] = [];
  const take = (bytes: Buffer): void => {
    const read = recordSchema.safeParse(recordOf(bytes));
    if (read.success) points.push(read.data);
  };
  const rest = await new LineTail(file).read({ line: take, restart: () => undefined });
  take(rest);
  return points;
}

/** Extends what was measured for a run's figures; several processes may do so at once. */
export class FigurePointLog {
  private readonly log: SharedLog;

  /** @throws {DataError} when the file is a link or a device. @throws {DiskError} */
  constructor(folder: string) {
    this.log = new SharedLog(join(folder, FIGURE_POINTS_FILE));
  }

  append(record: FigurePoint): void {
    this.log.append(record);
  }

  close(): void {
    this.log.close();
  }
}
