import { t } from "../localize.ts";

/** Display name of a run's table. */
export function tableTitle(name: string): string {
  if (name === "winRates") return t("Win rates");
  if (name === "checks") return t("Checks");
  if (name === "ratings") return t("Ratings");
  if (name === "grades") return t("Grades");
  return name === "scores" ? t("Scores") : name;
}
