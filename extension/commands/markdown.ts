/** A column of a Markdown table. */
export interface Column {
  readonly header: string;
  readonly align: "left" | "right";
}

/** A table in Markdown; `|` and line breaks in cells cannot end a cell. */
export function markdownTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cellText).join(" | ")} |`;
  const rule = `| ${columns.map(({ align }) => (align === "right" ? "---:" : "---")).join(" | ")} |`;
  return [line(columns.map(({ header }) => header)), rule, ...rows.map(line)].join("\n");
}

/** Text as code, whatever it holds. */
export function inlineCode(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}

/** Text of others as it is, without anything that Markdown would take for its own. */
export function plainText(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~]/g, "\\$&").replace(/\r?\n/g, " ");
}

function cellText(text: string): string {
  return text.replace(/\r?\n/g, " ").replace(/(?<!\\)\|/g, "\\|");
}
