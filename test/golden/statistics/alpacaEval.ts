import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { clustersOf, dependenceOf } from "../../../engine/evaluation/statistics/clusters.ts";
import { lengthControlledRate } from "../../../engine/evaluation/statistics/lengthControl.ts";
import { clusteredVariance, mean } from "../../../engine/evaluation/statistics/mean.ts";
import { rateInterval } from "../../../engine/evaluation/statistics/rate.ts";
import { markdownOf, type Style, styleControlledRate } from "../../../engine/evaluation/statistics/style.ts";

/** A line of AlpacaEval's annotations: `preference` is 1 plus the probability that the second output is better. */
interface Annotation {
  readonly instruction: string;
  readonly output_1: string;
  readonly output_2: string;
  readonly preference: number | null;
}

const USAGE = `Usage: node test/golden/statistics/alpacaEval.ts ANNOTATIONS.json

Prints the plain and the controlled win rates of published AlpacaEval annotations, to hold beside its leaderboard.
`;

const { positionals } = parseArgs({ allowPositionals: true });
const [file] = positionals;
if (file === undefined) process.stderr.write(USAGE);
else print(JSON.parse(readFileSync(file, "utf8")) as readonly Annotation[]);

function print(annotations: readonly Annotation[]): void {
  const judged = annotations.filter(({ preference }) => preference !== null);
  // AlpacaEval takes 0, too, for a tie.
  const points = judged.map(({ preference }) => (preference === 0 ? 0.5 : (preference ?? NaN) - 1));
  const instructions = judged.map(({ instruction }) => instruction);
  const dependence = dependenceOf(
    instructions,
    judged.map(() => 0),
  );
  const lengths = judged.map(({ output_1, output_2 }) => [output_2.length, output_1.length] as const);
  const style = (text: string): Style => ({ length: text.length, ...markdownOf(text) });
  const styles = judged.map(({ output_1, output_2 }) => [style(output_2), style(output_1)] as const);
  const clusters = clustersOf(instructions);
  const estimate = mean(points);
  const known = { estimate, variance: clusteredVariance(points, clusters), df: Infinity, nClusters: clusters.count };
  const rates = {
    plain: rateInterval(known),
    "length-controlled, without difficulties": lengthControlledRate({ points, lengths, dependence }),
    "style-controlled": styleControlledRate({ points, styles, dependence }),
  };
  for (const [name, rate] of Object.entries(rates)) {
    const ends = rate === undefined ? "" : `${percent(rate.estimate)} (${percent(rate.low)} to ${percent(rate.high)})`;
    process.stdout.write(`${name}: ${ends}\n`);
  }
  process.stdout.write(`${judged.length} annotations of ${clusters.count} instructions\n`);
}

function percent(rate: number): string {
  return (100 * rate).toFixed(6);
}
