import { Canvas, type Paint, segments } from "./canvas.ts";
import { type Point, drawText } from "./glyphs.ts";

/** Most pixels of a picture: a figure that would have more is drawn smaller. */
const MOST_PIXELS = 16_000_000;
/** Thickness of a letter's strokes as a share of the text's size. */
const THIN = 0.085;
const THICK = 0.12;
/** From which weight on text is bold. */
const BOLD = 600;

/** A picture, pixel by pixel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly pixels: Uint8Array;
}

type Attributes = ReadonlyMap<string, string>;

interface Drawing {
  readonly canvas: Canvas;
  readonly scale: number;
  /** Of the figure as a whole. */
  readonly fill: string;
}

/**
 * Draws a figure of ours as pixels, for places that show no SVG. It knows the elements that our figures are made of, and
 * no others.
 *
 * @param svg - As `lineFigure` and `forestFigure` write it.
 * @param scale - Pixels of the picture for one of the figure.
 * @throws {RangeError} for anything else.
 */
export function rasterize(svg: string, scale = 2): Picture {
  let drawing: Drawing | undefined;
  let root: Attributes | undefined;
  for (const { name, attributes, text } of elements(svg)) {
    if (name === "svg") root = attributes;
    else if (name === "title" || name === "desc") continue;
    // The ground, as large as the figure.
    else if (name === "rect" && root !== undefined) drawing ??= begin(root, attributes, scale);
    else if (drawing === undefined) throw new RangeError("rasterize: the figure has no ground");
    else draw(drawing, { name, attributes, text });
  }
  if (drawing === undefined) throw new RangeError("rasterize: no figure");
  const { width, height, pixels } = drawing.canvas;
  return { width, height, pixels };
}

interface Element {
  readonly name: string;
  readonly attributes: Attributes;
  /** Between its tags. */
  readonly text: string;
}

/** Elements in their order; the root comes before what it holds. */
function* elements(svg: string): Generator<Element, undefined> {
  for (const match of svg.matchAll(/<([a-z]+)((?: [\w:-]+="[^"]*")*)\/?>([^<]*)/g)) {
    const [, name = "", written = "", text = ""] = match;
    const attributes = new Map<string, string>();
    for (const [, key = "", value = ""] of written.matchAll(/ ([\w:-]+)="([^"]*)"/g)) attributes.set(key, value);
    yield { name, attributes, text: unescaped(text) };
  }
}

function unescaped(text: string): string {
  const characters: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };
  return text.replace(/&(?:amp|lt|gt|quot);/g, (name) => characters[name] ?? name);
}

function begin(attributes: Attributes, ground: Attributes, wanted: number): Drawing {
  const [width, height] = [numberOf(attributes, "width"), numberOf(attributes, "height")];
  if (!(width >= 1 && height >= 1)) throw new RangeError("rasterize: the figure has no size");
  const scale = Math.min(wanted, Math.sqrt(MOST_PIXELS / (width * height)));
  const size = [width, height].map((one) => Math.max(1, Math.floor(one * scale))) as [number, number];
  const canvas = new Canvas(...size, colorIn([ground.get("fill"), "#ffffff"]));
  return { canvas, scale, fill: colorIn([attributes.get("fill"), "#000000"]) };
}

function draw(drawing: Drawing, { name, attributes, text }: Element): void {
  const { canvas, scale } = drawing;
  const at = (x: string, y: string): Point => [numberOf(attributes, x) * scale, numberOf(attributes, y) * scale];
  switch (name) {
    case "line":
      strokeLines(drawing, attributes, [[at("x1", "y1"), at("x2", "y2")]]);
      return;
    case "path":
      strokeLines(drawing, attributes, subpaths(attributes.get("d") ?? "", scale));
      return;
    case "polygon":
      fillArea(drawing, attributes, pointsOf(attributes.get("points") ?? "", scale));
      return;
    case "circle": {
      const [center, radius] = [at("cx", "cy"), numberOf(attributes, "r") * scale];
      const fill = paintOf(drawing, attributes, "fill");
      const stroke = attributes.has("stroke") ? paintOf(drawing, attributes, "stroke") : undefined;
      if (fill !== undefined) canvas.disc(center, radius, fill);
      if (stroke !== undefined) canvas.ring(center, radius, thicknessOf(attributes) * scale, stroke);
      return;
    }
    case "text":
      write(drawing, attributes, { text, place: at("x", "y") });
      return;
    case "g":
      return; // tells a script which line its elements are of, and changes no looks
    default:
      throw new RangeError(`rasterize: ${name} is not an element of figures`);
  }
}

function write(
  drawing: Drawing,
  attributes: Attributes,
  { text, place: [x, y] }: { readonly text: string; readonly place: Point },
): void {
  const paint = paintOf(drawing, attributes, "fill");
  if (paint === undefined) return;
  const size = numberOf(attributes, "font-size", 12) * drawing.scale;
  const { lines, width } = drawText(text, size);
  const before = { start: 0, middle: width / 2, end: width }[attributes.get("text-anchor") ?? "start"] ?? 0;
  const moved = lines.map((line) => line.map(([px, py]): Point => [px + x - before, py + y]));
  const isBold = numberOf(attributes, "font-weight", 400) >= BOLD;
  // Letter by letter, for the pixels of a whole caption would be looked at for each.
  for (const line of moved) drawing.canvas.stroke([line], size * (isBold ? THICK : THIN), paint);
}

function fillArea(drawing: Drawing, attributes: Attributes, corners: readonly Point[]): void {
  const paint = paintOf(drawing, attributes, "fill");
  if (paint !== undefined) drawing.canvas.area(corners, paint);
}

function strokeLines(drawing: Drawing, attributes: Attributes, lines: readonly (readonly Point[])[]): void {
  const paint = paintOf(drawing, attributes, "stroke");
  if (paint === undefined) return;
  const dashes = (attributes.get("stroke-dasharray") ?? "").split(/[ ,]+/).filter((one) => one !== "");
  const lengths = dashes.map((one) => Number(one) * drawing.scale).filter((one) => one > 0);
  const shown = lengths.length === 0 ? lines : lines.flatMap((line) => dashed(line, lengths));
  drawing.canvas.stroke(shown, thicknessOf(attributes) * drawing.scale, paint);
}

/** Undefined for "none". A word that only a browser knows, such as currentColor, stands for the figure's own colour. */
function paintOf({ fill }: Drawing, attributes: Attributes, kind: "fill" | "stroke"): Paint | undefined {
  const named = attributes.get(kind) ?? fill;
  if (named === "none") return undefined;
  return { color: colorIn([named, fill]), opacity: numberOf(attributes, `${kind}-opacity`, 1) };
}

/** The first that is a colour in hexadecimal digits. */
function colorIn(candidates: readonly (string | undefined)[]): string {
  return candidates.find((one) => one !== undefined && /^#[0-9a-f]{6}$/i.test(one)) ?? "#000000";
}

function thicknessOf(attributes: Attributes): number {
  return numberOf(attributes, "stroke-width", 1);
}

function numberOf(attributes: Attributes, name: string, otherwise = 0): number {
  const value = Number(attributes.get(name) ?? otherwise);
  return Number.isFinite(value) ? value : otherwise;
}

/** "M1,2L3,4M5,6" */
function subpaths(d: string, scale: number): Point[][] {
  return d
    .split("M")
    .filter((part) => part !== "")
    .map((part) => pointsOf(part.replaceAll("L", " "), scale));
}

/** "1,2 3,4" */
function pointsOf(text: string, scale: number): Point[] {
  return text.split(" ").map((pair): Point => {
    const [x = NaN, y = NaN] = pair.split(",").map((one) => Number(one) * scale);
    if (Number.isFinite(x) && Number.isFinite(y)) return [x, y];
    throw new RangeError("rasterize: a point is none");
  });
}

/** A line as its dashes. @param lengths - Of dashes and gaps in turn. */
function dashed(line: readonly Point[], lengths: readonly number[]): Point[][] {
  const dashes: Point[][] = [];
  let [turn, left] = [0, lengths[0] ?? Infinity];
  let dash: Point[] = line.slice(0, 1);
  for (const [[x1, y1], [x2, y2]] of segments(line)) {
    const length = Math.hypot(x2 - x1, y2 - y1);
    let done = 0;
    while (length - done > left) {
      done += left;
      const corner: Point = [x1 + ((x2 - x1) * done) / length, y1 + ((y2 - y1) * done) / length];
      if (turn % 2 === 0) dashes.push([...dash, corner]);
      dash = [corner];
      turn += 1;
      left = lengths[turn % lengths.length] ?? Infinity;
    }
    left -= length - done;
    dash.push([x2, y2]);
  }
  return turn % 2 === 0 ? [...dashes, dash] : dashes;
}
