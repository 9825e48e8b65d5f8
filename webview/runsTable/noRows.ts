import type { TemplateResult } from "lit";
import { t } from "../localize.ts";
import { emptyNotice, failedNotice, loadingNotice } from "../parts/notice.ts";
import type { RowLoader } from "./loader.ts";
import type { RunRows } from "./rows.ts";
import type { ShownRows } from "./shown.ts";

/** Says why no row is to be seen, and what to do about it; undefined where there are some. */
export function noRows(
  loader: RowLoader | undefined,
  { nRuns }: RunRows,
  { lines }: ShownRows,
  clearFilter: () => void,
): TemplateResult | undefined {
  if (loader?.problem !== undefined) {
    return failedNotice(t("The runs cannot be shown"), loader.problem, () => void loader.load());
  }
  if (loader?.isLoaded !== true || (nRuns === 0 && !loader.isSearched)) return loadingNotice(t("Reading runs…"));
  if (nRuns === 0) {
    return emptyNotice({
      icon: "beaker",
      title: t("No runs yet"),
      text: t("Runs of every config in this workspace are listed here, as soon as there are some."),
    });
  }
  if (lines.length > 0) return undefined;
  const reset = { label: t("Clear Filter"), icon: "clear-all", run: clearFilter };
  return emptyNotice({ icon: "filter", title: t("No row fits the filter"), actions: [reset] });
}
