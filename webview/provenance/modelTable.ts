import "@vscode-elements/elements/dist/vscode-toolbar-button/index.js";
import { html, type TemplateResult } from "lit";
import type { ModelArtifact } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { formatFileSize } from "../../engine/common/format.ts";
import { warning } from "../parts/notice.ts";

/** Actions on a model's folder. */
interface FolderActions {
  readonly open: (folder: string) => void;
  readonly copy: (folder: string) => void;
}

/** The checkpoints of a run, with sizes and folders. */
export function modelTable(models: readonly ModelArtifact[], actions: FolderActions): TemplateResult {
  if (models.length === 0) return html`<p class="muted">${t("This run has no models yet.")}</p>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${t("Models")}>
    <table>
      <thead>
        <tr>
          <th scope="col">${t("Model")}</th>
          <th scope="col">${t("Kind")}</th>
          <th scope="col" class="number">${t("Size")}</th>
          <th scope="col">${t("Folder")}</th>
          <th scope="col"><span class="visually-hidden">${t("Actions")}</span></th>
        </tr>
      </thead>
      <tbody>
        ${models.map((model) => row(model, actions))}
      </tbody>
    </table>
  </div>`;
}

function row(
  { name, folder, exists, bytes: size, isPolicy }: ModelArtifact,
  { open, copy }: FolderActions,
): TemplateResult {
  const copyLabel = t("Copy Path of {0}", name);
  const openLabel = t("Open Folder of {0}", name);
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${isPolicy ? t("language model") : t("reward model")}</td>
    <td class="number" title=${t("{0} bytes", size)}>${exists ? formatFileSize(size) : "–"}</td>
    <td class="folder" title=${folder}>
      ${exists ? html`<span class="mono">${tail(folder)}</span>` : warning(t("removed since: {0}", tail(folder)))}
    </td>
    <td class="number">
      <vscode-toolbar-button
        icon="folder-opened"
        label=${openLabel}
        title=${openLabel}
        ?hidden=${!exists}
        @click=${() => open(folder)}
      ></vscode-toolbar-button>
      <vscode-toolbar-button
        icon="copy"
        label=${copyLabel}
        title=${copyLabel}
        @click=${() => copy(folder)}
      ></vscode-toolbar-button>
    </td>
  </tr>`;
}

/** The last two parts of a path, which identify an artifact. */
function tail(folder: string): string {
  return folder.split(/[\\/]/).slice(-2).join("/");
}
