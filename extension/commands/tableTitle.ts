import { t } from "../localize.ts";

/** What a table of a run is called. */
export function tableTitle(name: string): string {
  if (name === "winRates") return t("Win rates");
  return name === "scores" ? t("Scores") : name;
}
