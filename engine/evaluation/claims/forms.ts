import { sheetCsv, sheetMarkdown, sheetText } from "../tables/sheet.ts";
import type { SeedEvidence } from "./evidence.ts";
import { betasSheet, claimsSheet, controlsSheet, exactClaimsSheet } from "./sheets.ts";
import { RULE, RULE_TEXT, judgeClaims, weighControls } from "./verdicts.ts";

/** A form in which the claims are written. */
export interface ClaimsForm {
  readonly name: string;
  /** File name ending, with the dot. */
  readonly extension: string;
  readonly render: (seeds: readonly SeedEvidence[]) => string;
}

/** Every form. Add yours here. */
export const CLAIMS_FORMS: readonly ClaimsForm[] = [
  { name: "text", extension: ".txt", render: (seeds) => document(seeds, sheetText) },
  { name: "markdown", extension: ".md", render: (seeds) => document(seeds, sheetMarkdown) },
  { name: "csv", extension: ".csv", render: (seeds) => sheetCsv(exactClaimsSheet(judgeClaims(seeds))) },
  { name: "json", extension: ".json", render: (seeds) => `${JSON.stringify(claimsRecord(seeds), undefined, 2)}\n` },
];

/** Claims, controls and what they rest on, with every digit; what does not exist is null in JSON. */
export function claimsRecord(seeds: readonly SeedEvidence[]): Readonly<Record<string, unknown>> {
  return { rule: RULE, claims: judgeClaims(seeds), controls: weighControls(seeds), seeds };
}

type Render = typeof sheetText;

function document(seeds: readonly SeedEvidence[], render: Render): string {
  const results = judgeClaims(seeds);
  const effects = results.map(({ claim, measure }, at) => `${at + 1}. ${claim}: ${measure}.`);
  return [
    `The paper's claims over ${seeds.length} base ${seeds.length === 1 ? "seed" : "seeds"}`,
    ...[RULE_TEXT, render(claimsSheet(results)).trimEnd(), effects.join("\n")],
    ...[render(controlsSheet(weighControls(seeds))).trimEnd()],
    "The β of each arm, chosen on the validation split from a list that was widened until the best was inside:",
    render(betasSheet(seeds)),
  ].join("\n\n");
}
