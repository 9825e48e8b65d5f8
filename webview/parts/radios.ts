import { html, type TemplateResult } from "lit";

/** Options that are all visible, the current value, and a callback for changes. */
export interface Radios<T> {
  /** Accessible name. */
  readonly label: string;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly value: T;
  readonly chosen: (value: T) => void;
}

/** Chips of which one is chosen, as ARIA describes it: one stop of the tab key, arrows choose. */
export function radios<T>({ label, options, value, chosen }: Radios<T>): TemplateResult {
  const at = options.findIndex((option) => option.value === value);
  const onKey = (event: KeyboardEvent): void => {
    const last = options.length - 1;
    const [before, after] = [at <= 0 ? last : at - 1, at === last ? 0 : at + 1];
    const to = { ArrowLeft: before, ArrowUp: before, ArrowRight: after, ArrowDown: after }[event.key];
    const option = to === undefined ? undefined : options[to];
    if (to === undefined || option === undefined) return;
    event.preventDefault();
    const chip = (event.currentTarget as HTMLElement).children[to];
    if (chip instanceof HTMLElement) chip.focus();
    chosen(option.value);
  };
  return html`<span class="chips" role="radiogroup" aria-label=${label} @keydown=${onKey}
    >${options.map(
      (option, index) =>
        html`<button
          class="chip"
          role="radio"
          aria-checked=${index === at ? "true" : "false"}
          tabindex=${index === Math.max(0, at) ? 0 : -1}
          @click=${() => chosen(option.value)}
        >
          ${option.label}
        </button>`,
    )}</span
  >`;
}
