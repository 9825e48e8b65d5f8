import { codeSpan } from "../../engine/common/markdown.ts";
import type { DoctorCheck } from "../../engine/protocol/toolOutput.ts";
import { t } from "../localize.ts";
import { findingsTable } from "./doctorMarkdown.ts";

/** Findings about a config's cluster as Markdown, those that need action first. */
export function clusterMarkdown(findings: readonly DoctorCheck[], config: string): string {
  const nMissing = findings.filter(({ state }) => state === "missing").length;
  const isBusy = findings.some(({ name, state }) => name === "worker" && state === "optional");
  const parts = [
    `# ${t("Cluster of {0}", codeSpan(config))}`,
    nMissing > 0
      ? t("**Runs cannot use this cluster yet.**")
      : isBusy
        ? t("**The cluster answers, and is busy: a machine of it could not be asked.**")
        : t("**Runs of this config can use this cluster.**"),
    findingsTable(findings),
  ];
  return `${parts.join("\n\n")}\n`;
}
