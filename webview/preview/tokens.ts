import { html, nothing, type TemplateResult } from "lit";
import type { PreviewSequence } from "../../engine/protocol/preview.ts";
import { t } from "../localize.ts";
import { whole } from "../parts/format.ts";
import { type TokenState, shownPiece, tokenRuns } from "./runs.ts";

/** Tokens of a row in the list, which shows a few lines. */
const IN_LIST = 120;

/** Description of a sequence. */
export function roleText(role: PreviewSequence["role"]): string {
  switch (role) {
    case "example":
      return t("Example");
    case "chosen":
      return t("Chosen");
    case "rejected":
      return t("Rejected");
    case "prompt":
      return t("Prompt");
  }
}

/** How long a sequence is, and how much of it is used. */
export function lengthText({ nTokens, used }: PreviewSequence): string {
  return used < nTokens
    ? t("{0} tokens, cut at {1}", whole(nTokens), whole(used))
    : nTokens === 1
      ? t("1 token")
      : t("{0} tokens", whole(nTokens));
}

function stateText(state: TokenState): string {
  switch (state) {
    case "learned":
      return t("Learned:");
    case "cut":
      return t("Cut off:");
    case "read":
      return t("Read:");
  }
}

/** The beginning of a sequence, in lines that are cut where the row ends. */
export function listTokens(sequence: PreviewSequence): TemplateResult {
  return html`${sequence.start > 0 ? "…" : nothing}${tokenRuns(sequence, IN_LIST).map(
    ({ state, pieces }) =>
      html`<span class="run ${state}"
        >${pieces.map((piece) => html`<span class="token">${shownPiece(piece, false)}</span>`)}</span
      >`,
  )}`;
}

/** A sequence token by token; screen readers hear what becomes of each part before it. */
export function allTokens(sequence: PreviewSequence): TemplateResult {
  const { pieces, ids, nTokens, start: first } = sequence;
  const rest = nTokens - first - pieces.length;
  return html`<div class="tokens mono" tabindex="0" role="group" aria-label=${roleText(sequence.role)}>
    ${first > 0 ? html`<span class="muted">${t("… {0} tokens before", whole(first))} </span>` : nothing}
    ${tokenRuns(sequence).map(
      ({ state, start, pieces: parts }) =>
        html`<span class="run ${state}"
          ><span class="visually-hidden">${stateText(state)} </span>${parts.map(
            (piece, at) =>
              html`<span class="token" title=${t("token {0}, id {1}", first + start + at + 1, ids[start + at] ?? "")}
                >${shownPiece(piece, true)}</span
              >`,
          )}</span
        >`,
    )}${rest > 0 ? html`<span class="muted"> ${t("… and {0} more tokens", whole(rest))}</span>` : nothing}
  </div>`;
}

/** Legend of the tokens' marks. */
export function legend(): TemplateResult {
  return html`<p class="legend muted">
    <span><span class="run learned">${t("underlined")}</span> ${t("counts in the loss")}</span>
    <span><span class="run cut">${t("struck through")}</span> ${t("cut off")}</span>
    <span><span class="token">${t("line")}</span> ${t("where a token begins")}</span>
  </p>`;
}
