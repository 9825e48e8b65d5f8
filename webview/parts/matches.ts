import { html, type TemplateResult } from "lit";

/** A stretch of a text, and whether it is a hit. */
export interface Stretch {
  readonly text: string;
  readonly isHit: boolean;
}

/** Cuts a text where a search fits, in any letters; the stretches together are the text. */
export function stretches(text: string, search: string): readonly Stretch[] {
  if (search === "") return [{ text, isHit: false }];
  // Case is folded by the expression: `toLowerCase` may change a text's length, and with it every place.
  const pattern = new RegExp(search.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
  const found: Stretch[] = [];
  let end = 0;
  for (const { 0: hit, index } of text.matchAll(pattern)) {
    if (index > end) found.push({ text: text.slice(end, index), isHit: false });
    found.push({ text: hit, isHit: true });
    end = index + hit.length;
  }
  if (end < text.length || found.length === 0) found.push({ text: text.slice(end), isHit: false });
  return found;
}

/** A text with the hits of a search marked. */
export function marked(text: string, search: string): string | readonly (string | TemplateResult)[] {
  if (search === "") return text;
  return stretches(text, search).map(({ text: part, isHit }) => (isHit ? html`<mark>${part}</mark>` : part));
}
