import type { SamplePage, SampleQuery, SampleRow, TokenView } from "../../../engine/protocol/samples.ts";

const COLUMNS = ["ppo", "salsa"];
/** Rows recorded at a step. */
const ROWS_A_STEP = 4;

/** A made-up row: every seventh response of the second column did not end. */
export function rowOf(index: number): SampleRow {
  const responses = COLUMNS.map((column, nth) => ({
    text: `${column} answers ${index}`,
    ended: nth === 0 || index % 7 !== 0,
    nTokens: 4,
    score: (index % 10) / 10 + nth,
    line: 2 * index + nth,
  }));
  return { step: 1 + 5 * Math.floor(index / ROWS_A_STEP), prompt: `prompt ${index}`, responses };
}

/** A window of made-up rows. */
export function pageOf(
  nRows: number,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): SamplePage {
  const rows = Array.from({ length: Math.max(0, Math.min(limit, nRows - offset)) }, (_, index) =>
    rowOf(offset + index),
  );
  const to = rowOf(Math.max(0, nRows - 1)).step ?? 1;
  return { total: nRows, all: nRows, columns: COLUMNS, allColumns: COLUMNS, steps: { from: 1, to }, rows };
}

/** Answers to `samples` over made-up rows, filtered as the service does. Of the newest first, prompt 0 is the newest. */
export function samplesOf(nRows: number): (query: SampleQuery) => SamplePage {
  return (query) => {
    const { text, prompt: wanted, steps, isUnended, columns = COLUMNS, order, offset, limit } = query;
    const last = rowOf(Math.max(0, nRows - 1)).step ?? 1;
    const read = (window: { readonly offset: number; readonly limit: number }): SamplePage => {
      const page = pageOf(nRows, window);
      const turned = page.rows.map((row) => ({ ...row, step: 1 + last - (row.step ?? 1) }));
      return order === "newest" ? { ...page, rows: turned } : page;
    };
    const whole = read({ offset, limit });
    const isNarrowed =
      [text, wanted, steps].some((one) => one !== undefined) || isUnended === true || columns.length < COLUMNS.length;
    if (!isNarrowed) return whole;
    const fits = read({ offset: 0, limit: nRows }).rows.filter(
      ({ step = 0, prompt, responses }) =>
        (wanted === undefined || prompt === wanted) &&
        (text === undefined || [prompt, ...responses.map((one) => one?.text)].some((one) => one?.includes(text))) &&
        (steps === undefined || (step >= steps.from && step <= steps.to)) &&
        (isUnended !== true || responses.some((one) => one?.ended === false)),
    );
    const shown = fits.slice(offset, offset + limit).map((row) => ({
      ...row,
      responses: columns.map((column) => row.responses[COLUMNS.indexOf(column)] ?? null),
    }));
    return { ...whole, total: fits.length, columns, rows: shown };
  };
}

/** Tokens of a made-up response. */
export function tokensOf(line: number): TokenView {
  return {
    stage: COLUMNS[line % 2] ?? "",
    step: 1,
    prompt: "",
    tokens: ["the", "answer", "is", "</s>"],
    logprobs: [-0.1, -0.5, -2, -0.01],
    kl: [0, 0.25, -0.25, 0],
    rewards: [0, -0.05, 0.05, 2],
    advantages: [1, 2, -1, 0.5],
    values: [0.1, 0.2, 0.3, 0.4],
  };
}
