import { voteAgreements } from "../../evaluation/voteAgreement.ts";
import { literal } from "../../common/markdown.ts";
import type { VoteAgreement } from "../../protocol/verdicts.ts";
import { describeWinRateTerm } from "../../protocol/winRateTerms.ts";
import type { Opinion } from "../../storage/formats/votes.ts";
import { tableOf } from "./markdown.ts";

const HEADERS = ["benchmark", "a vs b", "votes", "n", "agreement %", "95 % interval", "κ", "95 % interval"];
const RIGHT = [3, 4, 5, 6, 7];

/** How far a person's votes and the judge's verdicts agree, by pair and over all; undefined without a vote that counts. */
export function votesSection(opinions: readonly Opinion[]): string | undefined {
  const byPair = Map.groupBy(opinions, ({ about: { benchmark, a, b } }) => JSON.stringify([benchmark, a, b]));
  const rows = [...byPair.values()].flatMap((ofPair) => {
    const { benchmark = "", a = "", b = "" } = ofPair[0]?.about ?? {};
    return rowsOf(literal(benchmark), `${literal(a)} vs ${literal(b)}`, ofPair);
  });
  if (rows.length === 0) return undefined;
  const nPairs = new Set(rows.map(([benchmark = "", pair = ""]) => `${benchmark} ${pair}`)).size;
  const all = nPairs > 1 ? rowsOf("all", "all", opinions) : [];
  const meanings = (["voteAgreement", "voteKappa"] as const).map((name) => {
    const { label, description } = describeWinRateTerm(name);
    return `- **${literal(label)}**: ${literal(description)}`;
  });
  return [
    "### Agreement of the judge with a person's votes",
    tableOf(HEADERS, [...rows, ...all], RIGHT),
    "A blind vote was cast while names, order and the judge's verdict were hidden.",
    meanings.join("\n"),
  ].join("\n\n");
}

function rowsOf(benchmark: string, pair: string, opinions: readonly Opinion[]): readonly (readonly string[])[] {
  const { all, blind } = voteAgreements(opinions);
  if (all === undefined) return [];
  if (blind?.n === all.n) return [[benchmark, pair, "all, blind", ...numbers(all)]];
  return [
    [benchmark, pair, "all", ...numbers(all)],
    ...(blind === undefined ? [] : [[benchmark, pair, "blind", ...numbers(blind)]]),
  ];
}

function numbers({ n, same, low, high, kappa, kappaLow, kappaHigh }: VoteAgreement): readonly string[] {
  const percent = (rate: number): string => (100 * rate).toFixed(1);
  const decimals = (value: number | null): string => (value === null ? "–" : value.toFixed(2));
  return [
    n.toLocaleString("en-US"),
    percent(same),
    `${percent(low)} to ${percent(high)}`,
    decimals(kappa),
    kappaLow === null || kappaHigh === null ? "–" : `${decimals(kappaLow)} to ${decimals(kappaHigh)}`,
  ];
}
