import { DataError } from "../../../protocol/errors.ts";
import { readCheckpoint, type Checkpoint } from "../../../storage/checkpoints.ts";
import { isAdapterFolder } from "../../../storage/adapterFolders.ts";
import { isFloatType } from "../../../storage/elementTypes.ts";
import type { FigureSet } from "../../../storage/formats/figurePoints.ts";
import { innerProducts } from "../../../storage/innerProducts.ts";
import { compareCheckpoints } from "../../compareCheckpoints.ts";
import { ingredientsOf, readChanges } from "../../soupAdapters.ts";
import { Stopped } from "../../stage.ts";

/** A model with its name in the config. */
export interface NamedFolder {
  readonly name: string;
  readonly folder: string;
}

/** The plane of three models, with its grid and what lies on it. */
export type Plane = NonNullable<FigureSet["plane"]>;

/** Room around the triangle, as a share of its larger extent. */
const MARGIN = 0.35;
/** Heights of a triangle below this share of its longest side come from rounding. */
const FLAT = 1e-6;

/** Choices of a plane. */
export interface PlaneSettings {
  /** Soups of the grid, a square or near one. */
  readonly size: number;
  /** Folder of the base, where the models are adapters; the one that they name unless given. */
  readonly base?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * The plane through three models in coordinates of weight space: the first at the origin, the second on the x axis.
 * Others are projected onto it by least squares, with their distance from it. All follows from inner products of the
 * models' deviations from the first, summed in f64 tensor by tensor, a piece of each model in memory at a time; of
 * adapters, all of their changes.
 *
 * @throws {CheckpointError} when the models do not go together.
 * @throws {DataError} when the three lie on a line.
 * @throws {Stopped}
 */
export async function planeOf(
  corners: readonly NamedFolder[],
  others: readonly NamedFolder[],
  settings: PlaneSettings,
): Promise<Plane> {
  const folders = [...corners, ...others].map(({ folder }) => folder);
  return planeFrom(await gram(folders, settings), { corners, others, size: settings.size });
}

/** Inner products of deviations from the first model, `[n, n]`. */
async function gram(folders: readonly string[], settings: PlaneSettings): Promise<readonly (readonly number[])[]> {
  if ((await Promise.all(folders.map(isAdapterFolder))).includes(true)) {
    const changes = ingredientsOf(await readChanges(folders, settings.base));
    return summed(folders.length, changes.tensors, (name) => changes.products(name, "first"), settings);
  }
  const open: Checkpoint[] = [];
  try {
    for (const folder of folders) open.push(await readCheckpoint(folder));
    const mixed = await compareCheckpoints(open);
    const files = open.map(({ weights }) => weights);
    const floats = [...mixed].filter((name) => isFloatType(files[0]?.tensors.get(name)?.dtype ?? ""));
    return await summed(folders.length, floats, (name) => innerProducts(files, name, "first"), settings);
  } finally {
    await Promise.all(open.map(({ weights }) => weights.close()));
  }
}

async function summed(
  n: number,
  tensors: Iterable<string>,
  productsOf: (name: string) => Promise<readonly (readonly number[])[]>,
  { signal }: PlaneSettings,
): Promise<readonly (readonly number[])[]> {
  const sums = Array.from({ length: n }, () => Array<number>(n).fill(0));
  for (const name of tensors) {
    if (signal.aborted) throw new Stopped("stopped; what is measured is kept");
    for (const [row, values] of (await productsOf(name)).entries())
      for (const [column, value] of values.entries()) sums[row]![column]! += value;
  }
  return sums;
}

/** The same from the inner products, `[n, n]`: of the corners, then of the others. @throws {DataError} */
export function planeFrom(
  products: readonly (readonly number[])[],
  {
    corners,
    others,
    size,
  }: {
    readonly corners: readonly Pick<NamedFolder, "name">[];
    readonly others: readonly Pick<NamedFolder, "name">[];
    readonly size: number;
  },
): Plane {
  const at = (row: number, column: number): number => products[row]?.[column] ?? NaN;
  const side = Math.sqrt(at(1, 1));
  const x3 = at(1, 2) / side;
  const y3 = Math.sqrt(Math.max(0, at(2, 2) - x3 * x3));
  if (!(y3 > FLAT * Math.max(side, Math.sqrt(at(2, 2))))) {
    const names = corners.map(({ name }) => name).join(", ");
    throw new DataError("the three models lie on a line, which spans no plane", {
      file: names,
      remedy: "name three that differ",
    });
  }
  const places = [
    { x: 0, y: 0 },
    { x: side, y: 0 },
    { x: x3, y: y3 },
  ];
  const projected = others.map(({ name }, index) => {
    const row = corners.length + index;
    const x = at(row, 1) / side;
    const y = (at(row, 2) - x3 * x) / y3;
    const length = Math.sqrt(at(row, row));
    return { name, x, y, distance: Math.sqrt(Math.max(0, at(row, row) - x * x - y * y)), length };
  });
  const [left, right] = [Math.min(0, x3), Math.max(side, x3)];
  const extent = Math.max(right - left, y3) * (1 + 2 * MARGIN);
  const perSide = Math.max(2, Math.round(Math.sqrt(size)));
  const step = extent / perSide;
  return {
    columns: perSide,
    rows: perSide,
    left: (left + right) / 2 - extent / 2 + step / 2,
    bottom: y3 / 2 - extent / 2 + step / 2,
    step,
    corners: corners.map(({ name }, index) => ({ name, ...(places[index] ?? { x: 0, y: 0 }) })),
    projected,
  };
}

/** Barycentric weights of a place: how much of each corner is there, adding up to 1. */
export function weightsAt({ corners }: Pick<Plane, "corners">, x: number, y: number): readonly number[] {
  const [, second = { x: 1, y: 0 }, third = { x: 0, y: 1 }] = corners;
  const v = y / third.y;
  const u = (x - v * third.x) / second.x;
  return [1 - u - v, u, v];
}

/** The place of barycentric weights. */
export function placeOfWeights(
  { corners }: Pick<Plane, "corners">,
  weights: readonly number[],
): { readonly x: number; readonly y: number } {
  const sum = (axis: "x" | "y"): number =>
    corners.reduce((total, corner, at) => total + (weights[at] ?? 0) * corner[axis], 0);
  return { x: sum("x"), y: sum("y") };
}

/** Weights of all places of the grid, row by row. */
export function gridWeights(plane: Plane): readonly (readonly number[])[] {
  const { columns, rows, left, bottom, step } = plane;
  return Array.from({ length: columns * rows }, (_, at) =>
    weightsAt(plane, left + (at % columns) * step, bottom + Math.floor(at / columns) * step),
  );
}
