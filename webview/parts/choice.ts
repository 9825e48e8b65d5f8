import "@vscode-elements/elements/dist/vscode-single-select/index.js";
import type { VscodeSingleSelect } from "@vscode-elements/elements/dist/vscode-single-select/index.js";
import { css, html, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { styled } from "./styled.ts";

/** Options of a select box, the current value, and a callback for changes. */
export interface Choice {
  /** Accessible name. */
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly value: string;
  readonly chosen: (value: string) => void;
}

/** Styles of `choice`; the element itself supports only the colours of the settings editor. */
export const choiceStyles = css`
  vscode-single-select {
    --vscode-settings-dropdownBackground: var(--vscode-dropdown-background);
    --vscode-settings-dropdownForeground: var(--vscode-dropdown-foreground);
    --vscode-settings-dropdownBorder: var(--vscode-dropdown-border, transparent);
    --vscode-settings-dropdownListBorder: var(--vscode-dropdown-border, var(--vscode-widget-border, transparent));
    flex: 0 1 auto;
    min-width: 0;
    max-width: 100%;
  }
  :host-context(.vscode-high-contrast) vscode-single-select {
    --vscode-list-activeSelectionBackground: transparent;
  }
`;

/** A select box as wide as its longest option. Its list is above all panes, so that none cuts it off. */
export function choice({ label, options, value, chosen }: Choice): TemplateResult {
  const longest = Math.max(...options.map((option) => option.label.length));
  return html`<vscode-single-select
    label=${label}
    .options=${guard([JSON.stringify(options)], () => options)}
    .value=${guard([JSON.stringify(options), value], () => value)}
    @change=${({ target }: Event) => chosen((target as VscodeSingleSelect).value)}
    @keydown=${(event: KeyboardEvent) => onKey(event, { label, options, value, chosen })}
    @focusout=${({ currentTarget }: Event) => ((currentTarget as VscodeSingleSelect).open = false)}
    ${styled({ width: `calc(${longest}ch + 34px)` })}
  ></vscode-single-select>`;
}

/** Adds keys of a native select box that the element does not handle. */
function onKey(event: KeyboardEvent, { options, value, chosen }: Choice): void {
  const { key, ctrlKey, altKey, metaKey } = event;
  const select = event.currentTarget as VscodeSingleSelect;
  if (key === "Escape" && !select.open) {
    // The element swallows Escape even when it is closed.
    select.parentElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
    return;
  }
  if (ctrlKey || altKey || metaKey || key === " ") return;
  const at = options.findIndex((option) => option.value === value);
  const later = [...options.slice(at + 1), ...options.slice(0, at + 1)];
  const target =
    key === "Home"
      ? options[0]
      : key === "End"
        ? options.at(-1)
        : later.find((option) => key.length === 1 && option.label.toLowerCase().startsWith(key.toLowerCase()));
  if (target === undefined) return;
  event.preventDefault();
  select.open = false;
  if (target.value !== value) chosen(target.value);
}
