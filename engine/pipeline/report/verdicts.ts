import { LEVEL, type RateTable as WinRates, type TableRow } from "../../evaluation/table.ts";
import { EQUIVALENCE_MARGIN } from "../../evaluation/winRates.ts";
import { TASK_BENCHMARKS } from "../../config/index.ts";
import { literal } from "../../common/markdown.ts";

/** Describes the intervals of a win-rate table's lines over all seeds. */
export function intervalWords(rows: WinRates): string {
  const nSeeds = Math.max(...rows.map((row) => row.nSeeds));
  const made =
    nSeeds > 1
      ? "clustered by prompt and by seed, Student's t with seeds − 1 degrees of freedom"
      : "clustered by prompt";
  const edge = rows.some(({ method }) => method === "alike")
    ? "; an exact bound where all comparisons ended alike"
    : "";
  return `95 % interval (Wilson's at the effective sample size, ${made}${edge})`;
}

/** One honest sentence for each pair and benchmark, over all seeds, in Markdown. */
export function verdicts(rows: WinRates): string[] {
  const overall = rows.filter(({ seed }) => seed === "all");
  return overall.map((row) => verdict(row, overall.length));
}

/** "in distribution" for the benchmarks that tasks bring along, else "on <name>". */
export function placeOf(benchmark: string): string {
  const [inside, outside] = TASK_BENCHMARKS;
  if (benchmark === inside) return "in distribution";
  return benchmark === outside ? "out of distribution" : `on ${benchmark}`;
}

/** A rate as people read it: "58.0 %". */
export function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)} %`;
}

/** "p < 0.0001", "p = 0.04". */
export function probability(name: string, p: number): string {
  if (!Number.isFinite(p)) return `${name} unknown`;
  return p < 1e-4 ? `${name} < 0.0001` : `${name} = ${String(Number(p.toPrecision(2)))}`;
}

function verdict(row: TableRow, nPairs: number): string {
  const { benchmark, a, b, adjusted, low, high, n, nSeeds, dropped, p, holm = p } = row;
  const [ours, theirs, place] = [`**${literal(a)}**`, `**${literal(b)}**`, literal(placeOf(benchmark))];
  if (n === 0 || !Number.isFinite(adjusted)) {
    return `${ours} and ${theirs} were not compared ${place}: no comparison of ${dropped} could be counted.`;
  }
  const numbers = [
    `${percent(adjusted)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`,
    `n = ${n.toLocaleString("en-US")}`,
    nSeeds > 1 ? `${nSeeds} seeds` : "one seed",
    ...(dropped > 0 ? [`${dropped} dropped`] : []),
  ].join(", ");
  const isTold = holm < LEVEL && (low > 0.5 || high < 0.5);
  if (!isTold) {
    const alone =
      low > 0.5 || high < 0.5 ? `; alone it would be (${probability("p", p)}), among ${nPairs} it is not` : "";
    const sentence = `${ours} and ${theirs} cannot be told apart ${place}: ${numbers}; ${probability("Holm p", holm)}${alone}.`;
    return `${sentence}${equal(row)}${moreWork(row)}`;
  }
  return `${ours} ${adjusted > 0.5 ? "beats" : "loses to"} ${theirs} ${place}: ${numbers}; ${probability("Holm p", holm)}.`;
}

/** States if a difference that matters is ruled out. */
function equal({ equivalence }: TableRow): string {
  if (equivalence === undefined || !(equivalence < LEVEL)) return "";
  const points = 100 * EQUIVALENCE_MARGIN;
  return ` There is no difference larger than ${points} points (${probability("p", equivalence)}, two one-sided tests).`;
}

/** Further prompts or seeds that would decide the pair, if it is as it looks. */
function moreWork({ moreQuestions, moreSeeds }: TableRow): string {
  const ways = [
    ...(moreQuestions === undefined ? [] : [`${counted(moreQuestions)} more prompts`]),
    ...(moreSeeds === undefined ? [] : [`${counted(moreSeeds)} more ${moreSeeds === 1 ? "base seed" : "base seeds"}`]),
  ];
  return ways.length === 0 ? "" : ` If this is the true rate, about ${ways.join(" or ")} would decide it.`;
}

const counted = (n: number): string => n.toLocaleString("en-US");
