/** Spreadsheets take a cell that begins so for a formula (OWASP, "CSV Injection"); full-width signs, too. */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * A cell of a CSV file (RFC 4180), quoted where it must be. Text that a spreadsheet would compute has an apostrophe
 * before it, which readers take off again: `/^'+[=+\-@\t\r\n＝＋－＠]/`. Numbers stay numbers.
 */
export function csvCell(cell: string): string {
  const text = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
