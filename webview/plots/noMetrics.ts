import type { TemplateResult } from "lit";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { emptyNotice } from "../parts/notice.ts";

/** Says why the runs have no curves. */
export function noMetrics(outlines: readonly Pick<RunOutline, "status" | "stages">[]): TemplateResult {
  const icon = "graph-line";
  const isActive = outlines.some(({ status }) => status === "running" || status === "queued");
  const isCached = outlines.some(({ stages }) => stages.some(({ status }) => status === "cached"));
  if (isActive || !isCached) {
    const text = t("Curves appear with the first step of the first training.");
    return emptyNotice({ icon, title: t("No metrics yet"), text });
  }
  const text = t("Its trainings are cached, and the runs that recorded their curves have been removed.");
  return emptyNotice({ icon, title: t("No metrics"), text });
}
