import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import { t } from "../localize.ts";
import type { DashboardModel } from "../model.ts";
import { titleOfRun } from "./runList.ts";
import { runLook, statusIcon } from "./status.ts";

/** A run whose curves are laid over those of the first: brings it to the front, or takes it off. */
export function overlaidRun(model: DashboardModel, folder: string): TemplateResult {
  const summary = model.runs.get(folder);
  const title = titleOfRun(model, folder);
  const others = model.focus.runs.filter((one) => one !== folder);
  const isRemoved = model.removed.has(folder);
  const icon = isRemoved
    ? html`<vscode-icon name="trash" size="14"></vscode-icon>`
    : summary === undefined
      ? nothing
      : statusIcon(runLook(summary.status), 14);
  return html`<span class="overlaid">
    ${icon}
    <button class="name" title=${t("Put {0} first", title)} @click=${() => model.show({ runs: [folder, ...others] })}>
      ${isRemoved ? t("{0} (removed)", title) : title}
    </button>
    <button
      class="icon"
      aria-label=${t("Remove {0} from the comparison", title)}
      @click=${() => model.show({ runs: others })}
    >
      <vscode-icon name="close"></vscode-icon>
    </button>
  </span>`;
}
