import { html, type TemplateResult } from "lit";
import type { ChatSettings } from "../../engine/protocol/chatPanel.ts";
import { t } from "../localize.ts";

/** The settings that a panel begins with. */
const DEFAULTS: ChatSettings = { temperature: 0.7, maxTokens: 256, seed: 1, system: "" };

/** Fields of the settings; the page keeps what is written in them. */
export function settingFields(): TemplateResult {
  return html`<details class="settings">
    <summary>${t("Settings")}</summary>
    <div class="fields">
      <label>
        ${t("Temperature")}
        <input id="temperature" type="number" min="0" max="100" step="0.1" value=${DEFAULTS.temperature} />
      </label>
      <label>
        ${t("Max tokens")}
        <input id="maxTokens" type="number" min="1" max="100000" step="1" value=${DEFAULTS.maxTokens} />
      </label>
      <label>
        ${t("Seed")}
        <input id="seed" type="number" min="0" step="1" value=${DEFAULTS.seed} />
      </label>
      <label class="wide">
        ${t("System prompt")}
        <textarea id="system" rows="2"></textarea>
      </label>
    </div>
  </details>`;
}

/** Values of the fields, or their defect. */
export function readSettings(root: ParentNode): ChatSettings | string {
  const textOf = (id: string): string =>
    root.querySelector<HTMLInputElement | HTMLTextAreaElement>(`#${id}`)?.value ?? "";
  const numberOf = (id: string): number => (textOf(id).trim() === "" ? NaN : Number(textOf(id)));
  const [temperature, maxTokens, seed] = [numberOf("temperature"), numberOf("maxTokens"), numberOf("seed")];
  if (!(temperature >= 0 && temperature <= 100)) return t("The temperature must be a number from 0 to 100.");
  if (!(Number.isInteger(maxTokens) && maxTokens >= 1)) return t("Max tokens must be a whole number, 1 or more.");
  if (!(Number.isSafeInteger(seed) && seed >= 0)) return t("The seed must be a whole number, 0 or more.");
  return { temperature, maxTokens, seed, system: textOf("system") };
}
