/**
 * Strokes of characters, for pictures that are drawn without a font: on a machine without a screen there is none to rely
 * on, and a picture is to come out the same everywhere.
 *
 * A stroke is a polyline, a pair of digits a point: x from 0 to 8, then y in base 36 from 0, the top of capitals, by 4,
 * the top of small letters, and 14 (e), the baseline, to 18 (i), the bottom of descenders. Blanks part strokes; a stroke
 * of one point twice is a dot.
 */
const STROKES: Readonly<Record<string, string>> = {
  "0": "3050727c5e3e1c1230",
  "1": "13404e 1e7e",
  "2": "02206082850e8e",
  "3": "02206082856737 67898c6e2e0c",
  "4": "6e600a8a",
  "5": "8010062565878c6e2e0c",
  "6": "716020020c2e6e8c88662608",
  "7": "00803e",
  "8": "206082856727050220 27090c2e6e8c8967",
  "9": "1d2e6e8c8260200206286886",
  A: "0e408e 2868",
  B: "000e 006082856707 67898c6e0e",
  C: "826020020c2e6e8c",
  D: "000e5e8b835000",
  E: "80000e8e 0767",
  F: "80000e 0767",
  G: "826020020c2e6e8c8858",
  H: "000e 808e 0787",
  I: "404e 2060 2e6e",
  J: "707c5e2e0c",
  K: "000e 8008 358e",
  L: "000e8e",
  M: "0e0047808e",
  N: "0e008e80",
  O: "2060828c6e2e0c0220",
  P: "0e006082866808",
  Q: "2060828c6e2e0c0220 5b8e",
  R: "0e006082866808 488e",
  S: "82602002052767898c6e2e0c",
  T: "0080 404e",
  U: "000c2e6e8c80",
  V: "004e80",
  W: "002e446e80",
  X: "008e 800e",
  Y: "004780 474e",
  Z: "00800e8e",
  a: "848e 866424060c2e6e8c",
  b: "000e 062464868c6e2e0c",
  c: "866424060c2e6e8c",
  d: "808e 866424060c2e6e8c",
  e: "0989866424060c2e6e8c",
  f: "7050323e 1464",
  g: "848g6i2i0h 866424060c2e6e8c",
  h: "000e 062464868e",
  i: "444e 4041",
  j: "545g3i1i 5051",
  k: "000e 740a 388e",
  l: "303c5e",
  m: "040e 061434464e 465474868e",
  n: "040e 062464868e",
  o: "2464868c6e2e0c0624",
  p: "040i 062464868c6e2e0c",
  q: "848i 866424060c2e6e8c",
  r: "040e 07245475",
  s: "856424060729698b8c6e2e0d",
  t: "313c5e7e 1464",
  u: "040c2e6e8c 848e",
  v: "044e84",
  w: "042e466e84",
  x: "048e 840e",
  y: "044e 843i1i",
  z: "04840e8e",
  ".": "4e4e",
  ",": "4d4e3g",
  ":": "4747 4e4e",
  ";": "4747 4d4e3g",
  "!": "4049 4e4e",
  "?": "0220608284484a 4e4e",
  "-": "1878",
  "–": "0888",
  "—": "0888",
  "−": "0888",
  "+": "0888 444c",
  "=": "0686 0a8a",
  "*": "424a 1478 7418",
  "/": "0e80",
  "\\": "008e",
  "|": "404g",
  "(": "60434b6e",
  ")": "20434b2e",
  "[": "60404e6e",
  "]": "20404e2e",
  "{": "60414637484d6e",
  "}": "20414657484d2e",
  "<": "73177b",
  ">": "13771b",
  _: "0f8f",
  "'": "4043",
  "’": "4043",
  '"': "3033 5053",
  "`": "3043",
  "#": "312d 615d 0585 0989",
  "%": "800e 0020230300 6b8b8e6e6b",
  "&": "8e1412305254090c2e5e89",
  "@": "69493745656989836020030b2e7e",
  "^": "234063",
  "~": "08265987",
  $: "82602002052767898c6e2e0c 404e",
  "×": "157b 751b",
  "·": "4747",
  "°": "3050533330",
  "±": "0686 424a 0e8e",
  "→": "0888 55885b",
  "√": "082a4e6080",
  "…": "1e1e 4e4e 7e7e",
  α: "846c4e2e0c062444668e",
  β: "0i02205072745626 56888c6e2e0c",
  λ: "10308e 570e",
  η: "040e 062464868i",
  π: "0484 242e 646e",
};

/** Stands for a character that has no strokes here. */
const UNKNOWN = "12727e1e12";

/** Height of capitals as a share of the text's size, and in units of the strokes. */
const CAPITALS = 0.72 / 14;
/** Room behind a character, and of a space, in units of the strokes. */
const GAP = 3.2;
const SPACE = 5;

/** A point, in pixels. */
export type Point = readonly [x: number, y: number];

/** Text as polylines, and its width. */
export interface DrawnText {
  /** From a baseline at 0, 0. */
  readonly lines: readonly (readonly Point[])[];
  readonly width: number;
}

/** The strokes of a line of text. @param size - In pixels. */
export function drawText(text: string, size: number): DrawnText {
  const unit = CAPITALS * size;
  const lines: Point[][] = [];
  let at = 0;
  for (const character of text.normalize("NFD").replace(/\p{Mark}/gu, "")) {
    if (/\s/.test(character)) {
      at += SPACE;
      continue;
    }
    const strokes = strokesOf(character);
    const all = strokes.flat();
    const left = Math.min(...all.map(([x]) => x));
    const right = Math.max(...all.map(([x]) => x));
    for (const stroke of strokes) {
      lines.push(stroke.map(([x, y]) => [(at + x - left) * unit, (y - 14) * unit]));
    }
    at += right - left + GAP;
  }
  return { lines, width: Math.max(0, at - GAP) * unit };
}

function strokesOf(character: string): readonly (readonly Point[])[] {
  const strokes = Object.hasOwn(STROKES, character) ? STROKES[character] : undefined;
  return (strokes ?? UNKNOWN).split(" ").map((stroke) => {
    const points = stroke.match(/../g) ?? [];
    return points.map((point): Point => [Number.parseInt(point[0] ?? "", 36), Number.parseInt(point[1] ?? "", 36)]);
  });
}
