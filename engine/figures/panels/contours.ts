/** Values on a grid, row by row from the bottom; NaN where nothing is known. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly values: ArrayLike<number>;
}

/** A stretch of a contour, in steps of the grid from its lower left place. */
export type ContourSegment = readonly [x1: number, y1: number, x2: number, y2: number];

/**
 * The line where a grid's values pass a level, by marching squares: each square of four neighbours is crossed where its
 * edges change side, with linear interpolation along them. In a square with two opposite corners above, the mean of the
 * four decides which are joined. Squares with an unknown corner are left out.
 */
export function contour({ columns, rows, values }: Grid, level: number): readonly ContourSegment[] {
  const segments: ContourSegment[] = [];
  const at = (column: number, row: number): number => values[row * columns + column] ?? NaN;
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const corners = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)] as const;
      if (!corners.every(Number.isFinite)) continue;
      segments.push(...crossings(corners, level).map((one) => shifted(one, column, row)));
    }
  }
  return segments;
}

type Corners = readonly [lowerLeft: number, lowerRight: number, upperRight: number, upperLeft: number];
type Point = readonly [x: number, y: number];

/** Stretches within a unit square. */
function crossings([a, b, c, d]: Corners, level: number): readonly ContourSegment[] {
  const share = (from: number, to: number): number => (level - from) / (to - from);
  const edges: readonly (Point | undefined)[] = [
    a > level === b > level ? undefined : [share(a, b), 0],
    b > level === c > level ? undefined : [1, share(b, c)],
    c > level === d > level ? undefined : [1 - share(c, d), 1],
    d > level === a > level ? undefined : [0, 1 - share(d, a)],
  ];
  const crossed = edges.filter((edge) => edge !== undefined);
  const [bottom, right, top, left] = crossed;
  if (bottom === undefined || right === undefined) return [];
  if (top === undefined || left === undefined) return [[...bottom, ...right]];
  // All four edges: the corner at the lower left is cut off, or its neighbours are.
  const isJoined = (a + b + c + d) / 4 > level === a > level;
  return isJoined
    ? [
        [...bottom, ...right],
        [...top, ...left],
      ]
    : [
        [...left, ...bottom],
        [...right, ...top],
      ];
}

function shifted([x1, y1, x2, y2]: ContourSegment, column: number, row: number): ContourSegment {
  return [x1 + column, y1 + row, x2 + column, y2 + row];
}
