import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, type TemplateResult } from "lit";
import type { RunStatus, StageStatus } from "../../engine/protocol/runState.ts";
import { t } from "../localize.ts";

/** How a state looks: never by colour alone. */
export interface StatusLook {
  readonly icon: string;
  readonly label: string;
  readonly tone: "good" | "busy" | "bad" | "idle" | "halted";
}

/** How the state of a run looks. */
export function runLook(status: RunStatus): StatusLook {
  switch (status) {
    case "queued":
      return { icon: "clock", label: t("Queued"), tone: "idle" };
    case "running":
      return { icon: "sync", label: t("Running"), tone: "busy" };
    case "finished":
      return { icon: "pass-filled", label: t("Finished"), tone: "good" };
    case "stopped":
      return { icon: "debug-pause", label: t("Stopped"), tone: "halted" };
    case "failed":
      return { icon: "error", label: t("Failed"), tone: "bad" };
    case "lost":
      return { icon: "debug-disconnect", label: t("Cut off"), tone: "bad" };
  }
}

/** How the state of a stage looks. */
export function stageLook(status: StageStatus): StatusLook {
  switch (status) {
    case "waiting":
      return { icon: "circle-large", label: t("Waiting"), tone: "idle" };
    case "running":
      return { icon: "sync", label: t("Running"), tone: "busy" };
    case "stopped":
      return { icon: "debug-pause", label: t("Stopped"), tone: "halted" };
    case "cached":
      return { icon: "archive", label: t("Cached"), tone: "good" };
    case "finished":
      return { icon: "pass-filled", label: t("Finished"), tone: "good" };
    case "failed":
      return { icon: "error", label: t("Failed"), tone: "bad" };
    case "dropped":
      return { icon: "circle-slash", label: t("Dropped"), tone: "idle" };
  }
}

/** The icon of a state; its meaning must be given next to it in words. */
export function statusIcon({ icon, tone }: StatusLook, size = 16): TemplateResult {
  const spins = icon === "sync" && !isStill();
  return html`<vscode-icon class="tone-${tone}" name=${icon} size=${size} ?spin=${spins}></vscode-icon>`;
}

/** True if the user has asked the system or the editor for reduced motion. */
function isStill(): boolean {
  return (
    matchMedia("(prefers-reduced-motion: reduce)").matches || document.body.classList.contains("vscode-reduce-motion")
  );
}

/** Colours of states. */
export const statusStyles = css`
  .tone-good {
    --vscode-icon-foreground: var(--vscode-testing-iconPassed, var(--vscode-charts-green));
    color: var(--vscode-testing-iconPassed, var(--vscode-charts-green));
  }
  .tone-busy {
    --vscode-icon-foreground: var(--vscode-charts-blue);
    color: var(--vscode-charts-blue);
  }
  .tone-bad {
    --vscode-icon-foreground: var(--vscode-errorForeground);
    color: var(--vscode-errorForeground);
  }
  .tone-idle {
    --vscode-icon-foreground: var(--vscode-descriptionForeground);
    color: var(--vscode-descriptionForeground);
  }
  .tone-halted {
    --vscode-icon-foreground: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
    color: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
  }
`;
