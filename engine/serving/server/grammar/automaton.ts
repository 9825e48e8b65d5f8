import { ANY, type Property, type ValueShape } from "./schema.ts";

/** White space between the parts of a value, at most: a model may like it too well to go on. */
const MOST_SPACE = 20;
/** Ways to read an answer that are followed at a time. */
const MOST_WAYS = 256;
const MOST_DEPTH = 64;

type Named<K extends ValueShape["kind"]> = Extract<ValueShape, { readonly kind: K }>;

/** A part of a value that has begun. */
type Frame =
  | { readonly at: "value"; readonly shape: ValueShape; readonly space: number }
  /** Texts that agree so far, up to `index`. */
  | { readonly at: "literals"; readonly texts: readonly string[]; readonly index: number }
  /** `escape`: 0 outside of one, 1 behind a backslash, 2 to 5 before the digits of \u. */
  | { readonly at: "string"; readonly shape: Named<"string">; readonly length: number; readonly escape: number }
  | { readonly at: "number"; readonly isInteger: boolean; readonly phase: NumberPhase }
  | {
      readonly at: "object";
      readonly shape: Named<"object">;
      /** First property that may still come. */
      readonly next: number;
      readonly phase: "first" | "key" | "after";
      readonly space: number;
    }
  | {
      readonly at: "array";
      readonly shape: Named<"array">;
      readonly count: number;
      readonly phase: "first" | "item" | "after";
      readonly space: number;
    };

type NumberPhase = "minus" | "zero" | "whole" | "point" | "fraction" | "e" | "sign" | "power";

/** Values that are begun, innermost first; undefined once the value is whole. */
type Way = { readonly frame: Frame; readonly outer: Way; readonly depth: number } | undefined;

/** All ways to read the text so far; none where it fits no value. */
export type GrammarState = readonly Way[];

const KEY: Named<"string"> = { kind: "string", least: 0, most: Infinity };
const ENDS_OF_NUMBERS: ReadonlySet<NumberPhase> = new Set(["zero", "whole", "fraction", "power"]);

/** The state before the first character of a value. */
export function begin(shape: ValueShape): GrammarState {
  return [push({ at: "value", shape, space: MOST_SPACE }, undefined)];
}

/** The state after a text; empty where it does not fit. */
export function follow(state: GrammarState, text: string): GrammarState {
  let ways = state;
  for (let at = 0; at < text.length && ways.length > 0; at++) ways = step(ways, text.charAt(at));
  return ways;
}

/** The state after one more UTF-16 unit. */
export function step(state: GrammarState, unit: string): GrammarState {
  const ways = state.flatMap((way) => steps(way, unit));
  return ways.length > MOST_WAYS ? ways.slice(0, MOST_WAYS) : ways;
}

/** True if the value may end here. */
export function mayEnd(state: GrammarState): boolean {
  return state.some(
    (way) =>
      way === undefined ||
      (way.outer === undefined && way.frame.at === "number" && ENDS_OF_NUMBERS.has(way.frame.phase)),
  );
}

/** True if the value must end here. */
export function mustEnd(state: GrammarState): boolean {
  return state.length > 0 && state.every((way) => way === undefined);
}

/** True within a string of any length, where nearly every text fits. */
export function isInText(state: GrammarState): boolean {
  return state.some((way) => way?.frame.at === "string" && way.frame.escape === 0 && way.frame.shape.most === Infinity);
}

function push(frame: Frame, outer: Way): Way {
  return { frame, outer, depth: (outer?.depth ?? 0) + 1 };
}

function steps(way: Way, unit: string): readonly Way[] {
  if (way === undefined) return [];
  const { frame, outer } = way;
  switch (frame.at) {
    case "value":
      if (isSpace(unit)) return spaced(frame, outer);
      return way.depth > MOST_DEPTH ? [] : opened(frame.shape, unit, outer);
    case "literals":
      return literal(frame.texts, frame.index, unit, outer);
    case "string":
      return inString(frame, unit, outer);
    case "number":
      return inNumber(frame, unit, outer);
    case "object":
      return isSpace(unit) ? spaced(frame, outer) : inObject(frame, unit, outer);
    case "array":
      return isSpace(unit) ? spaced(frame, outer) : inArray(frame, unit, outer);
  }
}

const isSpace = (unit: string): boolean => unit === " " || unit === "\n" || unit === "\t" || unit === "\r";

function spaced(frame: Extract<Frame, { readonly space: number }>, outer: Way): readonly Way[] {
  return frame.space >= MOST_SPACE ? [] : [push({ ...frame, space: frame.space + 1 }, outer)];
}

/** Ways after the first unit of a value. */
function opened(shape: ValueShape, unit: string, outer: Way): readonly Way[] {
  switch (shape.kind) {
    case "union":
      return shape.of.flatMap((one) => opened(one(), unit, outer));
    case "literals":
      return literal(shape.texts, 0, unit, outer);
    case "string":
      return unit === '"' ? [push({ at: "string", shape, length: 0, escape: 0 }, outer)] : [];
    case "number": {
      const phase = unit === "-" ? "minus" : unit === "0" ? "zero" : isDigit(unit) ? "whole" : undefined;
      return phase === undefined ? [] : [push({ at: "number", isInteger: shape.isInteger, phase }, outer)];
    }
    case "object":
      return unit === "{" ? [push({ at: "object", shape, next: 0, phase: "first", space: 0 }, outer)] : [];
    case "array":
      return unit === "[" ? [push({ at: "array", shape, count: 0, phase: "first", space: 0 }, outer)] : [];
  }
}

function literal(texts: readonly string[], index: number, unit: string, outer: Way): readonly Way[] {
  const fitting = texts.filter((text) => text.charAt(index) === unit);
  const longer = fitting.filter((text) => text.length > index + 1);
  const ways: Way[] = longer.length > 0 ? [push({ at: "literals", texts: longer, index: index + 1 }, outer)] : [];
  return longer.length < fitting.length ? [...ways, outer] : ways;
}

function inString(frame: Extract<Frame, { at: "string" }>, unit: string, outer: Way): readonly Way[] {
  const { shape, length, escape } = frame;
  if (escape === 1) {
    if (unit === "u") return [push({ ...frame, escape: 2 }, outer)];
    return '"\\/bfnrt'.includes(unit) ? [push({ ...frame, escape: 0, length: length + 1 }, outer)] : [];
  }
  if (escape > 1) {
    if (!/^[0-9a-fA-F]$/.test(unit)) return [];
    const isLast = escape === 5;
    return [push({ ...frame, escape: isLast ? 0 : escape + 1, length: length + (isLast ? 1 : 0) }, outer)];
  }
  if (unit === '"') return length >= shape.least ? [outer] : [];
  if (unit < " " || length >= shape.most) return [];
  if (unit === "\\") return [push({ ...frame, escape: 1 }, outer)];
  return [push({ ...frame, length: length + 1 }, outer)];
}

const isDigit = (unit: string): boolean => unit >= "0" && unit <= "9";

function inNumber(frame: Extract<Frame, { at: "number" }>, unit: string, outer: Way): readonly Way[] {
  const phase = nextPhase(frame, unit);
  if (phase !== undefined) return [push({ ...frame, phase }, outer)];
  // A character behind a number belongs to what is around it.
  return ENDS_OF_NUMBERS.has(frame.phase) ? steps(outer, unit) : [];
}

function nextPhase({ phase, isInteger }: Extract<Frame, { at: "number" }>, unit: string): NumberPhase | undefined {
  const isWhole = phase === "zero" || phase === "whole";
  if (isDigit(unit)) {
    if (phase === "minus") return unit === "0" ? "zero" : "whole";
    if (phase === "whole") return "whole";
    if (phase === "point" || phase === "fraction") return "fraction";
    return phase === "e" || phase === "sign" || phase === "power" ? "power" : undefined;
  }
  if (isInteger) return undefined;
  if (unit === ".") return isWhole ? "point" : undefined;
  if (unit === "e" || unit === "E") return isWhole || phase === "fraction" ? "e" : undefined;
  return (unit === "+" || unit === "-") && phase === "e" ? "sign" : undefined;
}

function inObject(frame: Extract<Frame, { at: "object" }>, unit: string, outer: Way): readonly Way[] {
  const { shape, next, phase } = frame;
  const { properties } = shape;
  if (unit === "}") return phase !== "key" && isClosable(properties, next) ? [outer] : [];
  if (phase === "after") {
    const isMore = properties === undefined || next < properties.length;
    return unit === "," && isMore ? [push({ ...frame, phase: "key", space: 0 }, outer)] : [];
  }
  if (unit !== '"') return [];
  const after = (from: number): Way => push({ ...frame, next: from, phase: "after", space: 0 }, outer);
  if (properties === undefined) {
    const value = push({ at: "value", shape: ANY, space: 0 }, after(0));
    const colon = push({ at: "literals", texts: [":"], index: 0 }, value);
    return [push({ at: "string", shape: KEY, length: 0, escape: 0 }, colon)];
  }
  return following(properties, next).map(({ key, value }, place) => {
    const behind = push({ at: "value", shape: value(), space: 0 }, after(next + place + 1));
    return push({ at: "literals", texts: [key], index: 1 }, behind);
  });
}

/** Properties that may come now: up to the first that must. */
function following(properties: readonly Property[], next: number): readonly Property[] {
  const rest = properties.slice(next);
  const required = rest.findIndex(({ isRequired }) => isRequired);
  return required < 0 ? rest : rest.slice(0, required + 1);
}

function isClosable(properties: readonly Property[] | undefined, next: number): boolean {
  return properties?.slice(next).some(({ isRequired }) => isRequired) !== true;
}

function inArray(frame: Extract<Frame, { at: "array" }>, unit: string, outer: Way): readonly Way[] {
  const { shape, count, phase } = frame;
  if (unit === "]") return phase !== "item" && count >= shape.least ? [outer] : [];
  if (phase === "after") {
    return unit === "," && count < shape.most ? [push({ ...frame, phase: "item", space: 0 }, outer)] : [];
  }
  if (shape.most === 0) return [];
  const after = push({ ...frame, count: count + 1, phase: "after", space: 0 }, outer);
  return opened(shape.items(), unit, after);
}
