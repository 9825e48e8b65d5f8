import type { RateTable } from "../table.ts";
import { COLUMNS } from "./columns.ts";
import { csvTable } from "./csv.ts";
import { jsonTable } from "./json.ts";
import { type Sheet, sheetCsv, sheetJson, sheetLatex, sheetMarkdown, sheetText } from "./sheet.ts";

/** A form in which a table can be written. */
export interface TableFormat {
  readonly name: string;
  /** File name ending, with the dot. */
  readonly extension: string;
  /** Renders any table from its readable form. */
  readonly render: (sheet: Sheet) => string;
  /** Win rates with every digit, where the form is for programs; else as people read them. */
  readonly renderWinRates: (table: RateTable) => string;
}

function rounded(name: string, extension: string, render: (sheet: Sheet) => string): TableFormat {
  return { name, extension, render, renderWinRates: (table) => render(winRateSheet(table)) };
}

/** Every form. Add yours here. */
export const TABLE_FORMATS: readonly TableFormat[] = [
  rounded("text", ".txt", sheetText),
  rounded("markdown", ".md", sheetMarkdown),
  { name: "csv", extension: ".csv", render: sheetCsv, renderWinRates: csvTable },
  { name: "json", extension: ".json", render: sheetJson, renderWinRates: jsonTable },
  rounded("latex", ".tex", sheetLatex),
];

/** A table of win rates as people read it: rates in per cent with two decimals, as in the paper. */
export function winRateSheet(table: RateTable): Sheet {
  return {
    columns: COLUMNS.map(({ header, align }) => ({ header, align })),
    rows: table.map((row) => COLUMNS.map(({ cell }) => cell(row))),
  };
}
