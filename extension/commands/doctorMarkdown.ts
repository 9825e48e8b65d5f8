import type { DoctorCheck } from "../../engine/protocol/toolOutput.ts";
import { t } from "../localize.ts";
import { codeSpan, literal, markdownTable } from "../../engine/common/markdown.ts";

/** The checks of this machine, or why there are none. */
export interface Diagnosis {
  readonly findings: readonly DoctorCheck[];
  /** Why the engine did not start, with the remedy. */
  readonly problem?: string;
}

/** Versions and platform, for bug reports. */
export interface DoctorPlace {
  readonly extension: string;
  readonly editor: string;
  readonly platform: string;
}

/** Findings as Markdown, those that need action first. */
export function doctorMarkdown({ findings, problem }: Diagnosis, { extension, editor, platform }: DoctorPlace): string {
  const missing = findings.filter(({ state }) => state === "missing");
  const parts = [
    `# ${t("Doctor")}`,
    problem === undefined ? verdict(missing.length) : engineText(problem),
    ...(findings.length === 0 ? [] : [findingsTable(findings)]),
    t("SALSA {0} in VS Code {1} on {2}.", extension, editor, codeSpan(platform)),
  ];
  return `${parts.join("\n\n")}\n`;
}

function verdict(nMissing: number): string {
  if (nMissing === 0) return t("**This machine can run everything that the wasm backend supports.**");
  if (nMissing === 1) return t("**One required thing is missing.**");
  return t("**{0} required things are missing.**", nMissing);
}

function engineText(problem: string): string {
  return [
    `**${t("The engine does not start.")}**`,
    literal(problem),
    t(
      'It runs on the Node that comes with the extension, unless the setting {0} names another. Its log is in the output channel "SALSA Engine".',
      codeSpan("salsa.nodePath"),
    ),
  ].join("\n\n");
}

/** Findings, those that need action first. */
export function findingsTable(findings: readonly DoctorCheck[]): string {
  const order = ["missing", "optional", "ok"];
  const sorted = [...findings].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const columns = [
    { header: "", align: "left" },
    { header: t("What"), align: "left" },
    { header: t("Found"), align: "left" },
    { header: t("What to do"), align: "left" },
  ] as const;
  const rows = sorted.map(({ name, state, detail, remedy = "" }) => [
    stateText(state),
    literal(name),
    literal(detail),
    literal(remedy),
  ]);
  return markdownTable(columns, rows);
}

/** Mark and word stay in one line: the column is narrow, and behind a dash a line may end even before such a space. */
function stateText(state: DoctorCheck["state"]): string {
  switch (state) {
    case "ok":
      return `✓\u00a0${t("ok")}`;
    case "optional":
      return `–\u2060\u00a0${t("optional")}`;
    case "missing":
      return `✗\u00a0${t("missing")}`;
  }
}
