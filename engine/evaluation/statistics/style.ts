import { type Controlled, controlledRate } from "./control.ts";
import { type Interval, mean, variance } from "./mean.ts";

/** Marks of Markdown in an answer, and its length. */
export interface Style {
  /** In tokens. */
  readonly length: number;
  readonly headers: number;
  /** Entries of lists, with numbers or not. */
  readonly lists: number;
  readonly bold: number;
}

/** Judged pairs whose answers' styles are known. */
export interface Styles extends Omit<Controlled, "gaps"> {
  /** Of a's and b's answer. */
  readonly styles: readonly (readonly [Style, Style])[];
}

/**
 * Counts an answer's Markdown as Arena-Hard's `add_markdown_info.py` does, without what stands between fences. (There, the
 * text of a block goes wherever it occurs, also outside; here it does not.)
 */
export function markdownOf(text: string): Omit<Style, "length"> {
  let [headers, lists, bold] = [0, 0, 0];
  // Line by line, with the line's end: patterns over the whole text would be quadratic in empty lines.
  for (const line of withoutCode(text).split(/(?<=\n)/)) {
    if (/^#{1,6}\s/.test(line)) headers += 1;
    if (/^[^\S\n]*(?:\p{Nd}+\.|[-*+])\s/u.test(line)) lists += 1;
    bold += (line.match(/\*\*[^*\n]+\*\*/g)?.length ?? 0) + (line.match(/__[^_\n]+__/g)?.length ?? 0);
  }
  return { headers, lists, bold };
}

/**
 * Adjusted win rate that would be seen if both answers were equally long and had as many headers, list entries and bold
 * words per token: σ(θ) of logit P(a wins) = θ + Σ φ_k·gap_k.
 *
 * After style control of LMSYS's arena (Li et al. 2024) and Arena-Hard's `show_result.py`: the gap in length is
 * (a − b)/(a + b), in the others (a − b)/(a + b + 1) of counts per token, each over its standard deviation. Not centred as
 * there: in a table of one pair, that would put the pair's own difference in style back into the rate.
 *
 * @returns `undefined` of fewer than two pairs, where no answer has any Markdown (then it would be the length alone), and
 *   where a property differs by the same in all pairs.
 */
export function styleControlledRate({ styles, ...pairs }: Styles): Interval | undefined {
  if (styles.every(([a, b]) => isPlain(a) && isPlain(b))) return undefined;
  const relative = (a: number, b: number, more: number): number => (a === b ? 0 : (a - b) / (a + b + more));
  const density = (style: Style, mark: "headers" | "lists" | "bold"): number => style[mark] / Math.max(1, style.length);
  const gaps = [
    styles.map(([a, b]) => relative(a.length, b.length, 0)),
    ...(["headers", "lists", "bold"] as const).map((mark) =>
      styles.map(([a, b]) => relative(density(a, mark), density(b, mark), 1)),
    ),
  ];
  return controlledRate({ ...pairs, gaps: gaps.map(standardized) });
}

const isPlain = ({ headers, lists, bold }: Style): boolean => headers + lists + bold === 0;

/** Over the standard deviation; as it is where there is none. */
function standardized(gaps: readonly number[]): readonly number[] {
  const spread = Math.sqrt(variance(gaps));
  return spread > 0 && Number.isFinite(mean(gaps)) ? gaps.map((gap) => gap / spread) : gaps;
}

/** The text without what stands between three backticks and the next three, where no backtick is between. */
function withoutCode(text: string): string {
  return text.replace(/```[^`]*```/g, "``````");
}
