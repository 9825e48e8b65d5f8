import { html, nothing, type TemplateResult } from "lit";
import type { RunOutline, SamplePage } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { whole } from "../parts/format.ts";
import { emptyNotice, warning } from "../parts/notice.ts";
import { isNarrowed, type SampleFilter } from "./filter.ts";

/** What the line above the samples tells. */
interface SamplesStatus {
  readonly head: SamplePage;
  readonly filter: SampleFilter;
  /** Rows that came while somebody reads. */
  readonly nNew: number;
  /** Why rows are missing. */
  readonly problem: string | undefined;
  readonly goToNew: () => void;
  readonly retry: () => void;
}

/** How many samples there are, the way to new ones, and what went wrong. */
export function samplesStatus({ head, filter, nNew, problem, goToNew, retry }: SamplesStatus): TemplateResult {
  const count = isNarrowed(filter)
    ? t("{0} of {1} prompts", whole(head.total), whole(head.all))
    : t("{0} prompts", whole(head.total));
  const newRows = nNew === 1 ? t("1 new row") : t("{0} new rows", whole(nNew));
  return html`<div class="status">
    <span role="status">${count}</span>
    ${nNew > 0 ? html`<button class="new" @click=${goToNew}>${newRows}</button>` : nothing}
    ${
      problem === undefined
        ? nothing
        : html`<span role="alert">${warning(problem)}</span>
            <button class="link" @click=${retry}>${t("Try Again")}</button>`
    }
  </div>`;
}

/** Why there is no sample, and what to do about it. */
export function noSamples(filter: SampleFilter, outline: RunOutline | undefined, clear: () => void): TemplateResult {
  if (isNarrowed(filter)) {
    return emptyNotice({
      icon: "filter",
      title: t("No sample fits the filter"),
      actions: [{ label: t("Clear Filter"), run: clear }],
    });
  }
  const isLive = outline?.status === "running" || outline?.status === "queued";
  const text =
    filter.source.kind === "answers"
      ? t("Answers are kept when the run has reached its evaluation.")
      : isLive
        ? t("Samples are kept every few steps of RLHF and will appear here.")
        : t("This run kept no rollouts. A run with an RLHF arm keeps some every few steps.");
  return emptyNotice({ icon: "comment-discussion", title: t("No samples yet"), text });
}
