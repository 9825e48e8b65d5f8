/** Graph to lay out. */
export interface Graph {
  readonly nodes: readonly { readonly id: string; readonly height: number }[];
  /** From a dependency to the node that uses it. */
  readonly edges: readonly (readonly [from: string, to: string])[];
}

export interface Spacing {
  readonly nodeWidth: number;
  /** Between layers, left to right. */
  readonly layerGap: number;
  /** Between nodes of a layer. */
  readonly nodeGap: number;
}

/** Places in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Upper left corners. */
  readonly places: ReadonlyMap<string, { readonly x: number; readonly y: number; readonly layer: number }>;
  /** Points that each edge runs through: out of one node, past the layers between, into the other. */
  readonly routes: readonly { readonly from: string; readonly to: string; readonly points: readonly LayoutPoint[] }[];
  /** True if layers are below each other. */
  readonly isDown: boolean;
}

export interface LayoutPoint {
  readonly x: number;
  readonly y: number;
}

/** A node, or the place where a long edge passes a layer. */
interface Slot {
  readonly id: string;
  readonly layer: number;
  readonly height: number;
  readonly before: Slot[];
  readonly after: Slot[];
  y: number;
}

/** Sweeps to and fro; more change nothing in graphs of this size. */
const SWEEPS = 8;

/** Layers of a graph; runs have fewer than ten. */
const MOST_LAYERS = 100;

/** Lines between two layers whose crossings are counted, pair by pair. */
const MOST_LINES = 1000;

/**
 * Layers from left to right, each node in the first one after all that it uses; within a layer in the order of least
 * crossings that the barycentre method finds (Sugiyama et al. 1981).
 */
export function layOut(graph: Graph, spacing: Spacing): Layout {
  const { slots, chains, layers } = arranged(graph);
  place(layers, spacing.nodeGap);
  const x = (layer: number): number => layer * (spacing.nodeWidth + spacing.layerGap);
  const all = layers.flat();
  return {
    width: layers.length === 0 ? 0 : x(layers.length - 1) + spacing.nodeWidth,
    height: Math.max(0, ...all.map(({ y, height }) => y + height)),
    places: new Map([...slots].map(([id, { layer, y }]) => [id, { x: x(layer), y, layer }])),
    routes: chains.map(({ from, to, chain }) => ({ from, to, points: route(chain, x, spacing.nodeWidth) })),
    isDown: false,
  };
}

/** The same layers from top to bottom, each in rows of as many nodes as fit: for panels too narrow for all layers. */
export function stack(
  graph: Graph,
  { nodeWidth, layerGap, nodeGap, perRow }: Spacing & { readonly perRow: number },
): Layout {
  const { slots, chains, layers } = arranged(graph);
  const places = new Map<string, { readonly x: number; readonly y: number; readonly layer: number }>();
  let y = -layerGap;
  for (const [layer, all] of layers.entries()) {
    y += layerGap - nodeGap;
    const own = all.filter(({ id }) => slots.has(id));
    for (let first = 0; first < own.length; first += perRow) {
      const row = own.slice(first, first + perRow);
      y += nodeGap;
      for (const [at, { id }] of row.entries()) places.set(id, { x: at * (nodeWidth + nodeGap), y, layer });
      y += Math.max(...row.map(({ height }) => height));
    }
  }
  const routes = chains.flatMap(({ from, to }) => {
    const [a, b] = [places.get(from), places.get(to)];
    if (a === undefined || b === undefined) return [];
    const start = { x: a.x + nodeWidth / 2, y: a.y + (slots.get(from)?.height ?? 0) };
    return [{ from, to, points: [start, { x: b.x + nodeWidth / 2, y: b.y }] }];
  });
  const right = Math.max(0, ...[...places.values()].map(({ x }) => x + nodeWidth));
  return { width: right, height: Math.max(0, y), places, routes, isDown: true };
}

/** Nodes and edges in layers, each in its order. */
interface Arranged {
  readonly slots: ReadonlyMap<string, Slot>;
  readonly chains: readonly { readonly from: string; readonly to: string; readonly chain: readonly Slot[] }[];
  readonly layers: readonly Slot[][];
}

function arranged({ nodes, edges }: Graph): Arranged {
  const layerOf = layersOf(nodes, edges);
  const slots = new Map(nodes.map(({ id, height }) => [id, slot(id, layerOf.get(id) ?? 0, height)]));
  const chains = edges.flatMap(([from, to]) => {
    const [start, end] = [slots.get(from), slots.get(to)];
    return start === undefined || end === undefined ? [] : [{ from, to, chain: chainOf(start, end) }];
  });
  const layers: Slot[][] = [];
  for (const one of new Set([...slots.values(), ...chains.flatMap(({ chain }) => chain)])) {
    (layers[one.layer] ??= []).push(one);
  }
  order(layers);
  return { slots, chains, layers };
}

function slot(id: string, layer: number, height: number): Slot {
  return { id, layer, height, before: [], after: [], y: 0 };
}

/** The longest way from a node that uses nothing. */
function layersOf(nodes: Graph["nodes"], edges: Graph["edges"]): ReadonlyMap<string, number> {
  const layers = new Map(nodes.map(({ id }) => [id, 0]));
  // As many rounds as there are layers settle any graph without cycles, which only a damaged log has.
  for (let round = 0, isSettled = false; !isSettled && round < MOST_LAYERS; round++) {
    isSettled = true;
    for (const [from, to] of edges) {
      const layer = (layers.get(from) ?? -1) + 1;
      if (layer <= (layers.get(to) ?? 0) || layer > MOST_LAYERS) continue;
      layers.set(to, layer);
      isSettled = false;
    }
  }
  return layers;
}

/** An edge's slots from start to end, tied together. */
function chainOf(start: Slot, end: Slot): readonly Slot[] {
  const chain = [start];
  for (let layer = start.layer + 1; layer < end.layer; layer++) chain.push(slot(`${start.id}→${end.id}`, layer, 0));
  chain.push(end);
  for (let at = 1; at < chain.length; at++) {
    const [a, b] = [chain[at - 1], chain[at]];
    if (a === undefined || b === undefined) continue;
    a.after.push(b);
    b.before.push(a);
  }
  return chain;
}

function order(layers: readonly Slot[][]): void {
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const isForward = sweep % 2 === 0;
    const swept = isForward ? layers : layers.toReversed();
    for (const layer of swept.slice(1)) sortByNeighbours(layer, layers, isForward ? "before" : "after");
    const count = crossings(layers);
    if (count < fewest) [best, fewest] = [layers.map((layer) => [...layer]), count];
  }
  for (const [at, layer] of best.entries()) layers[at]?.splice(0, layer.length, ...layer);
}

function sortByNeighbours(layer: Slot[], layers: readonly Slot[][], side: "before" | "after"): void {
  const position = positions(layers);
  const weight = new Map(
    layer.map((one, at) => {
      const near = one[side];
      return [one, near.length === 0 ? at : mean(near.map((other) => position.get(other) ?? 0))];
    }),
  );
  layer.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0));
}

function positions(layers: readonly Slot[][]): ReadonlyMap<Slot, number> {
  return new Map(layers.flatMap((layer) => layer.map((one, at) => [one, at])));
}

function crossings(layers: readonly Slot[][]): number {
  const position = positions(layers);
  const at = (one: Slot): number => position.get(one) ?? 0;
  let count = 0;
  for (const layer of layers) {
    const lines = layer.flatMap((one) => one.after.map((other) => [at(one), at(other)] as const));
    if (lines.length > MOST_LINES) continue;
    for (const [nth, [a, b]] of lines.entries()) {
      for (const [c, d] of lines.slice(nth + 1)) if ((a - c) * (b - d) < 0) count++;
    }
  }
  return count;
}

/** Stacks the nodes of each layer from top to bottom, and centres the layers vertically. */
function place(layers: readonly Slot[][], gap: number): void {
  const heights = layers.map((layer) => layer.reduce((sum, { height }) => sum + height + gap, -gap));
  const tallest = Math.max(0, ...heights);
  for (const [nth, layer] of layers.entries()) {
    let y = (tallest - (heights[nth] ?? 0)) / 2;
    for (const one of layer) {
      one.y = y;
      y += one.height + gap;
    }
  }
}

function route(chain: readonly Slot[], x: (layer: number) => number, width: number): readonly LayoutPoint[] {
  return chain.flatMap((one, at) => {
    const y = one.y + one.height / 2;
    const [left, right] = [
      { x: x(one.layer), y },
      { x: x(one.layer) + width, y },
    ];
    return at === 0 ? [right] : at === chain.length - 1 ? [left] : [left, right];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** An SVG path through the points of a route: level through layers, curved between them. */
export function pathOf(points: readonly LayoutPoint[], isDown = false): string {
  return points
    .map(({ x, y }, at) => {
      const before = points[at - 1];
      if (before === undefined) return `M${x},${y}`;
      if (isDown ? before.x === x : before.y === y) return `L${x},${y}`;
      const middle = { x: (before.x + x) / 2, y: (before.y + y) / 2 };
      return isDown
        ? `C${before.x},${middle.y} ${x},${middle.y} ${x},${y}`
        : `C${middle.x},${before.y} ${middle.x},${y} ${x},${y}`;
    })
    .join("");
}
