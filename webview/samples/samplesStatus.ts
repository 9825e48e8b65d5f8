import { html, nothing, type TemplateResult } from "lit";
import type { RunOutline } from "../../engine/protocol/service.ts";
import type { SamplePage } from "../../engine/protocol/samples.ts";
import { TEST_PROMPTS, TEST_PROMPTS_FILE } from "../../engine/protocol/testPrompts.ts";
import { t } from "../localize.ts";
import { percent, whole } from "../parts/format.ts";
import { emptyNotice, warning } from "../parts/notice.ts";
import { isOfTestPrompts } from "./acrossRuns.ts";
import { benchmarksOf, isNarrowed, type SampleFilter } from "./filter.ts";

/** Content of the line above the samples. */
interface SamplesStatus {
  readonly head: SamplePage;
  readonly filter: SampleFilter;
  /** Number of rows added since the reader last went to the new ones. */
  readonly nNew: number;
  /** Share of the samples that is read, while rows wait for that. */
  readonly progress: number | undefined;
  /** Why rows are missing. */
  readonly problem: string | undefined;
  readonly goToNew: () => void;
  readonly retry: () => void;
}

/** The number of samples, a button for new ones, and any problem. */
export function samplesStatus({
  head,
  filter,
  nNew,
  progress,
  problem,
  goToNew,
  retry,
}: SamplesStatus): TemplateResult {
  const count = isNarrowed(filter)
    ? t("{0} of {1} prompts", whole(head.total), whole(head.all))
    : t("{0} prompts", whole(head.total));
  const newRows = nNew === 1 ? t("1 new row") : t("{0} new rows", whole(nNew));
  return html`<div class="status">
    <span role="status">${count}</span>
    ${progress === undefined ? nothing : html`<span role="status">${readingText(progress)}</span>`}
    ${nNew > 0 ? html`<button class="new" @click=${goToNew}>${newRows}</button>` : nothing}
    ${
      problem === undefined
        ? nothing
        : html`<span role="alert">${warning(problem)}</span>
            <button class="link" @click=${retry}>${t("Try Again")}</button>`
    }
  </div>`;
}

/** Says that samples are read, and how far that has come. */
export function readingText(progress: number | undefined): string {
  return progress === undefined ? t("Reading samples…") : t("Reading samples… {0} %", percent(progress, 0));
}

/** Explains how a prompt becomes one that every run answers, where the run has answered none; undefined where it has. */
export function noTestPrompts({ source }: SampleFilter, outline: RunOutline | undefined): TemplateResult | undefined {
  if (!isOfTestPrompts(source) || outline === undefined || benchmarksOf(outline).includes(TEST_PROMPTS))
    return undefined;
  const isComing = outline.stages.some(({ benchmark }) => benchmark === TEST_PROMPTS);
  if (isComing) {
    const text = t("Answers to the test prompts come at the end of the run, a model at a time.");
    return emptyNotice({ icon: "pinned", title: t("No answers yet"), text });
  }
  return emptyNotice({
    icon: "pin",
    title: t("This run has answered no test prompts"),
    text: t(
      "Open a sample or a verdict, and choose “Make a Test Prompt of This”: it is added to {0} beside the config, which you can edit and commit. Every later run answers those prompts with each of its models, and the answers stand here, beside those of other runs if you compare some.",
      TEST_PROMPTS_FILE,
    ),
  });
}

/** Explains why there is no sample, and offers a remedy. */
export function noSamples(filter: SampleFilter, outline: RunOutline | undefined, clear: () => void): TemplateResult {
  if (isNarrowed(filter)) {
    return emptyNotice({
      icon: "filter",
      title: t("No sample matches the filter"),
      actions: [{ label: t("Clear Filter"), run: clear }],
    });
  }
  const isLive = outline?.status === "running" || outline?.status === "queued";
  const text =
    filter.source.kind === "answers"
      ? t("Answers are kept when the run has reached its evaluation.")
      : isLive
        ? t("Samples are kept every few steps of RLHF and appear here.")
        : t("This run kept no rollouts. A run with an RLHF arm keeps some every few steps.");
  return emptyNotice({ icon: "comment-discussion", title: t("No samples yet"), text });
}
