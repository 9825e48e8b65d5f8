import { isFlip } from "../../../engine/protocol/comparisons.ts";
import { voteAgreements } from "../../../engine/evaluation/voteAgreement.ts";
import type { PaperTableView } from "../../../engine/protocol/service.ts";
import type {
  Annotation,
  ComparisonPage,
  ComparisonQuery,
  ComparisonRow,
  VoteAgreements,
  WinRateRow,
} from "../../../engine/protocol/verdicts.ts";
import type { Answers } from "../backend.ts";

/** A row of a win-rate table, of salsa against ppo where nothing else is said. */
export function rateOf(changes: Partial<WinRateRow> = {}): WinRateRow {
  return {
    benchmark: "inDistribution",
    a: "salsa",
    b: "ppo",
    seed: "all",
    wins: 264,
    losses: 101,
    ties: 659,
    dropped: 0,
    n: 1024,
    winRate: 0.2578125,
    adjusted: 0.57958984375,
    low: 0.5618688893714414,
    high: 0.5971079975801266,
    p: 6.266279752835207e-18,
    holm: 1.879883925850562e-17,
    nSeeds: 1,
    longerWins: 0.5916666666666667,
    flipRate: 0.03125,
    positionBias: 0.5125,
    method: "question",
    nQuestions: 1024,
    equivalence: 0.9999,
    lengthControlled: 0.5612,
    lengthLow: 0.5421,
    lengthHigh: 0.5801,
    ...changes,
  };
}

/** The paper's tables: one that is there, and one that the run has no arm for. */
export const PAPER_TABLES: readonly PaperTableView[] = [
  {
    ...{ name: "main", source: "Table 1", title: "Adjusted win rates across models and datasets" },
    description: "Adjusted win rates of SALSA against PPO and SFT, by benchmark and model",
    columns: [
      { header: "Dataset", align: "left" },
      { header: "Model", align: "left" },
      { header: "SALSA vs PPO", align: "right" },
      { header: "SALSA vs SFT", align: "right" },
    ],
    rows: [["inDistribution", "demo", "57.96", "–"]],
    note: "In per cent; the adjusted rate counts a tie as half a win.\ndemo-1: SALSA is salsa, PPO is ppo.",
    lacks: [],
  },
  {
    ...{ name: "mkl", source: "Table 5", title: "Comparison of multi-KL and PPO", description: "Multi-KL against PPO" },
    ...{ columns: [], rows: [], note: "" },
    lacks: [{ what: "No arm has several references", snippet: '"mkl": { "reference": ["sft-1", "sft-2"] }' }],
  },
];

/**
 * A judged prompt: every third one is a win, and of the ties every other a flip. The judge is a panel that disagrees on
 * every fourth; categories take turns.
 */
export function comparisonOf(index: number): ComparisonRow {
  const outcome = (["win", "loss", "tie"] as const)[index % 3] ?? "tie";
  const winner = ({ win: "a", loss: "b", tie: "tie" } as const)[outcome];
  const isFlip = index % 6 === 2;
  return {
    seed: 1,
    index,
    prompt: `prompt ${index}`,
    category: ["math", "writing"][index % 2] ?? "",
    a: { text: `salsa answers ${index}`, ended: true, nTokens: 6, score: 1.5, gold: 1.25 },
    b: { text: `ppo answers ${index}`, ended: index % 2 === 0, nTokens: 5, score: -0.5 },
    outcome,
    games: [
      { winner: isFlip ? "a" : winner, prompt: "Which is better?", judgment: `Because of ${index}: [[A]]` },
      { winner: isFlip ? "b" : winner, prompt: "And now?", judgment: `Again ${index}: [[B]]` },
    ],
    agreement: index % 4 === 0 ? 0.5 : 1,
    ...(index === 1 && { isSuspicious: true }),
  };
}

/** So many comparisons, as the service answers a query about them. */
export function comparisonPage(nRows: number, query: ComparisonQuery): ComparisonPage {
  const { outcome, isDecided, category, isDisputed, text = "", index, isBrief, offset, limit } = query;
  const all = Array.from({ length: nRows }, (_, at) => comparisonOf(at));
  const rows = all.filter(
    (row) =>
      (outcome === undefined || (outcome === "flip" ? isFlip(row.games) : row.outcome === outcome)) &&
      (isDecided !== true || row.outcome !== "tie") &&
      (category === undefined || row.category === category) &&
      (isDisputed !== true || row.agreement !== 1) &&
      (index === undefined || row.index === index) &&
      row.prompt.includes(text),
  );
  const page = rows.slice(offset, offset + limit);
  const brief = (row: ComparisonRow): ComparisonRow => ({
    ...row,
    a: { ...row.a, text: "" },
    b: { ...row.b, text: "" },
    games: [
      { ...row.games[0], prompt: "", judgment: "" },
      { ...row.games[1], prompt: "", judgment: "" },
    ],
  });
  return {
    total: rows.length,
    all: nRows,
    ...{ judge: "panel", categories: ["math", "writing"], isPanel: true, agreement: {}, revision: 0 },
    rows: isBrief === true ? page.map(brief) : page,
  };
}

/** So many comparisons that can be voted on, as the service keeps votes. */
export function votable(nRows: number): Required<Pick<Answers, "comparisons" | "annotate">> {
  const said = new Map<number, Annotation>();
  const agreement = (): VoteAgreements =>
    voteAgreements([...said].map(([index, annotation]) => ({ ...annotation, judged: comparisonOf(index).outcome })));
  return {
    comparisons: (query) => {
      const { rows, ...page } = comparisonPage(nRows, query);
      const annotated = rows.map((row) => {
        const annotation = said.get(row.index);
        return annotation === undefined ? row : { ...row, annotation };
      });
      return { ...page, rows: annotated, agreement: agreement(), revision: said.size };
    },
    annotate: ({ index, vote, isBlind = false, note }) => {
      const { vote: own, isBlind: wasBlind, note: ownNote } = said.get(index) ?? {};
      const before = own === undefined ? {} : { vote: own, isBlind: wasBlind ?? false };
      const text = note ?? ownNote ?? "";
      const voted = vote === undefined ? before : vote === null ? {} : { vote, isBlind };
      said.set(index, { ...voted, ...(text !== "" && { note: text }) });
      return { annotation: said.get(index) ?? {}, agreement: agreement() };
    },
  };
}
