import type { Battle } from "../../engine/evaluation/statistics/battles.ts";
import { bradleyTerry } from "../../engine/evaluation/statistics/bradleyTerry.ts";
import { randomStream } from "../../engine/evaluation/statistics/random.ts";
import { type TableEntry, winRateTable } from "../../engine/evaluation/table.ts";
import type { Comparison } from "../../engine/evaluation/winRates.ts";
import { type BenchOptions, median, type Timing } from "./worker.ts";

const DRAWS = 10_000;

/** Models, each of which is compared with each other on every question. */
const LEAGUE = { models: 20, questions: 527 };
/** A pair alone, on as many questions. */
const PAIR = { models: 2, questions: 100_000 };

/**
 * Processor time, in ms, of everything that is said of 100,000 judgments: the win-rate table with all of its columns, and
 * ratings of all models with 10,000 bootstrap draws by question. Once of 20 models on 527 questions, once of one pair.
 */
export function statisticsBench({ warmup, repeats }: BenchOptions): Promise<Omit<Timing, "versions">> {
  const parts = { league: judgments(LEAGUE), pair: judgments(PAIR) };
  const timed = Object.entries(parts).map(([name, entries]) => {
    const samples = Array.from({ length: warmup + repeats }, () => processorTime(() => analyse(entries)));
    return [name, samples.slice(warmup)] as const;
  });
  const [league = []] = timed.map(([, samples]) => samples);
  const medians = Object.fromEntries(timed.map(([name, samples]) => [name, median(samples)]));
  return Promise.resolve({ ms: median(league), minMs: Math.min(...league), threads: 1, parts: medians });
}

/** On all threads, so that the garbage collector's are counted, too. */
function processorTime(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function analyse(entries: readonly TableEntry[]): void {
  const table = winRateTable(entries);
  const ratings = bradleyTerry(battlesOf(entries), "m0", { method: "bootstrap", nDraws: DRAWS, seed: 1 });
  const nFinite = [...ratings.values()].filter(({ low, high }) => low <= high).length;
  if (table.length !== entries.length || nFinite !== ratings.size) throw new Error("statistics: numbers are missing");
}

function battlesOf(entries: readonly TableEntry[]): readonly Battle[] {
  const points = { win: 1, tie: 0.5, loss: 0, dropped: NaN };
  return entries.flatMap(({ a, b, comparisons }) =>
    comparisons.map(({ outcome, prompt }) => ({ a, b, points: points[outcome], weight: 1, question: prompt })),
  );
}

/** Verdicts of a judge that likes quality, length and the first seat, drawn from a seed. */
function judgments({ models, questions }: typeof LEAGUE): readonly TableEntry[] {
  const random = randomStream(models);
  const marks = (): { headers: number; lists: number; bold: number } => {
    return { headers: Math.floor(3 * random()), lists: Math.floor(9 * random()), bold: Math.floor(6 * random()) };
  };
  const answers = Array.from({ length: models }, () =>
    Array.from({ length: questions }, () => ({ length: 50 + Math.floor(400 * random()), marks: marks() })),
  );
  return Array.from({ length: models }, (_, a) =>
    Array.from({ length: a }, (__, b): TableEntry => {
      const comparisons = Array.from({ length: questions }, (___, question): Comparison => {
        const [ours, theirs] = [answers[a]?.[question], answers[b]?.[question]];
        if (ours === undefined || theirs === undefined) throw new RangeError("statistics: no answer");
        const lead = (a - b) / models + (ours.length - theirs.length) / 800;
        const game = (seat: number): "a" | "b" => (random() < 1 / (1 + Math.exp(-lead - seat)) ? "a" : "b");
        const games = [game(0.2), game(-0.2)] as const;
        const outcome = games[0] !== games[1] ? "tie" : games[0] === "a" ? "win" : "loss";
        const lengths = [ours.length, theirs.length] as const;
        return { prompt: `question ${question}`, seed: 1, outcome, games, lengths, marks: [ours.marks, theirs.marks] };
      });
      return { benchmark: "bench", a: `m${a}`, b: `m${b}`, comparisons };
    }),
  ).flat();
}
