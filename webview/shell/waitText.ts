import type { ModelWait } from "../../engine/protocol/editorModels.ts";
import { t } from "../localize.ts";

/** "waits for a VS Code window with this folder, to ask vscode:copilot/gpt-4o" */
export function waitText({ model, reason }: Pick<ModelWait, "model" | "reason">): string {
  switch (reason) {
    case "window":
      return t("waits for a VS Code window with this folder, to ask {0}", model);
    case "missing":
      return t("waits for a VS Code window that has the model {0}", model);
    case "consent":
      return t("waits for your consent to ask {0}", model);
    case "blocked":
      return t("waits until {0} may be asked again: its quota is used up", model);
  }
}
