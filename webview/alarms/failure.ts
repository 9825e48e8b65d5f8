import { css, html, nothing, type TemplateResult } from "lit";
import type { DashboardCommand } from "../../engine/protocol/dashboard.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { type Action, actionRow } from "../parts/notice.ts";
import { nameOfStage } from "../parts/stageName.ts";

/** Styles of the failure. */
export const failureStyles = css`
  .failure {
    margin-bottom: 18px;
    padding: 12px 14px;
    border: 1px solid var(--vscode-inputValidation-errorBorder, var(--vscode-errorForeground));
    border-radius: 4px;
  }
  .failure h2 {
    display: flex;
    gap: 6px;
    align-items: center;
  }
  .failure pre {
    max-height: 240px;
    margin: 8px 0 12px;
    padding: 8px 10px;
    overflow: auto;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    background: var(--vscode-textCodeBlock-background);
    border-radius: 3px;
  }
  .failure p {
    margin-bottom: 12px;
  }
`;

/** Says how a run failed or died, with its last words, and offers to resume. */
export function failureNotice(
  outline: RunOutline,
  run: (command: DashboardCommand) => void,
): TemplateResult | typeof nothing {
  const { status, failure, stages } = outline;
  if (status !== "failed" && status !== "lost") return nothing;
  const action = (label: string, icon: string, command: DashboardCommand, isSecondary: boolean): Action => ({
    label,
    icon,
    isSecondary,
    run: () => run(command),
  });
  const at = failure?.stage ?? stages.find((stage) => stage.status === "running" || stage.status === "failed")?.id;
  const title =
    status === "lost"
      ? t("The run's process ended without an error message")
      : at === undefined
        ? t("The run failed")
        : t("The run failed in {0}", nameOfStage(outline, at));
  return html`<section class="failure" role="alert">
    <h2><vscode-icon class="error-icon" name="error"></vscode-icon>${title}</h2>
    ${
      failure === undefined
        ? html`<p>
            ${t("It was killed, ran out of memory, or its machine went down. Resume it to continue from its last checkpoint.")}
          </p>`
        : html`<pre class="mono" role="region" tabindex="0" aria-label=${t("Last message")}>
${failure.error}: ${failure.message}</pre>`
    }
    ${actionRow([
      status === "failed"
        ? action(t("Retry"), "debug-restart", "salsa.retry", false)
        : action(t("Resume"), "debug-continue", "salsa.resume", false),
      action(t("Show Log"), "output", "salsa.showLog", true),
    ])}
  </section>`;
}
