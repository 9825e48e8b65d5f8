import type { Table } from "../../engine/protocol/events.ts";
import { t } from "../localize.ts";
import { codeSpan, literal, markdownTable } from "../../engine/common/markdown.ts";

/** Prompts and judge of a scoring: a task's own, or a file of prompts with a reward model. */
export type Scoring =
  | { readonly kind: "task"; readonly task: string }
  | { readonly kind: "prompts"; readonly prompts: string; readonly reward: string };

/** The command line that scores a checkpoint. */
export function scoreArguments(checkpoint: string, by: Scoring, n: number): string[] {
  const source = by.kind === "task" ? ["--task", by.task] : ["--prompts", by.prompts, "--reward", by.reward];
  return ["score", checkpoint, ...source, "--n", String(n)];
}

/** Error message for a typed number of answers; undefined if it is valid. */
export function numberProblem(text: string): string | undefined {
  return /^[1-9]\d{0,8}$/.test(text.trim()) ? undefined : t("Enter a whole number, 1 or more.");
}

/** Subject of a scoring. */
export interface ScoredCheckpoint {
  /** Display name: "sft-1". */
  readonly checkpoint: string;
  readonly folder: string;
  readonly by: Scoring;
}

/** A checkpoint's scores as Markdown. */
export function scoreMarkdown({ columns, rows, note }: Table, { checkpoint, folder, by }: ScoredCheckpoint): string {
  const source =
    by.kind === "task"
      ? t("On the task {0}, by its gold score.", codeSpan(by.task))
      : t("On {0}, by the reward model {1}.", codeSpan(by.prompts), codeSpan(by.reward));
  const table = markdownTable(
    columns.map(({ header, align }) => ({ header: literal(header), align })),
    rows.map((row) => row.map(cellText)),
  );
  const title = t("Scores of {0}", literal(checkpoint));
  const parts = [`# ${title}`, `${codeSpan(folder)}. ${source}`, table];
  return `${[...parts, ...(note === undefined ? [] : [literal(note)])].join("\n\n")}\n`;
}

function cellText(cell: string | number | null): string {
  if (cell === null) return "–";
  return typeof cell === "string" ? literal(cell) : String(Number(cell.toPrecision(4)));
}
