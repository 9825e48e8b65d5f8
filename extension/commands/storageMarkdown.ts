import { codeSpan, literal, markdownTable } from "../../engine/common/markdown.ts";
import { formatFileSize } from "../../engine/common/format.ts";
import type { StorageEntry, StorageUse } from "../../engine/protocol/storageUse.ts";
import { t } from "../localize.ts";

/** Rows that anybody reads. */
const MOST_ROWS = 500;

/** The contents of a folder of runs and artifacts, as Markdown: what no run uses first, then what runs use, the largest first. */
export function storageMarkdown({ root, totalBytes, entries, otherBytes }: StorageUse): string {
  const free = entries.filter(({ canGo }) => canGo);
  const used = entries.filter(({ canGo }) => !canGo);
  const bytes = (of: readonly StorageEntry[]): string => formatFileSize(of.reduce((sum, one) => sum + one.bytes, 0));
  return [
    `# ${t("{0} in all", formatFileSize(totalBytes))}`,
    codeSpan(root),
    `## ${t("Used by no run: {0}", bytes(free))}`,
    free.length === 0 ? t("Nothing.") : table(free),
    `## ${t("In use: {0}", bytes(used))}`,
    used.length === 0 ? t("Nothing.") : table(used),
    t("Logs, benchmarks and what was found out about files: {0}", formatFileSize(otherBytes)),
  ]
    .join("\n\n")
    .concat("\n");
}

function table(entries: readonly StorageEntry[]): string {
  const more = entries.length - MOST_ROWS;
  const rows = entries
    .slice(0, MOST_ROWS)
    .map(({ name, bytes, usedBy }) => [literal(name), formatFileSize(bytes), literal(usedBy.join(", "))]);
  const columns = [
    { header: t("Folder"), align: "left" },
    { header: t("Size"), align: "right" },
    { header: t("Used by"), align: "left" },
  ] as const;
  return markdownTable(columns, rows) + (more > 0 ? `\n\n${t("and {0} more", more)}` : "");
}
