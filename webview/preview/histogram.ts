import { html, svg, type TemplateResult } from "lit";
import type { PreviewCounts } from "../../engine/protocol/preview.ts";
import { t } from "../localize.ts";
import { whole } from "../parts/format.ts";

const [WIDTH, HEIGHT] = [320, 56];

/** Lengths of sequences as bars; those beyond the limit are hatched by their outline, and a line stands at it. */
export function histogram(counts: PreviewCounts, limit: number): TemplateResult {
  const { bins, cut, shortest, median, longest, sequences } = counts;
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const end = (bins.at(-1)?.to ?? 0) + 1;
  const x = (tokens: number): number => (Math.min(tokens, end) / end) * WIDTH;
  const words = t(
    "Lengths of {0} sequences: {1} to {2} tokens, median {3}; {4} longer than {5}",
    ...[sequences, shortest, longest, median, cut, limit].map(whole),
  );
  return html`<figure>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${words} preserveAspectRatio="none">
      ${bins.map(({ from, to, count }) => {
        const height = count === 0 ? 0 : Math.max(1, (count / most) * HEIGHT);
        return svg`<rect class=${from >= limit ? "beyond" : "bar"} x=${x(from)} y=${HEIGHT - height}
          width=${Math.max(1, x(to + 1) - x(from) - 1)} height=${height}
          ><title>${t("{0} to {1} tokens: {2}", whole(from), whole(to), whole(count))}</title></rect>`;
      })}
      ${limit < end ? svg`<line class="limit" x1=${x(limit)} x2=${x(limit)} y1="0" y2=${HEIGHT} />` : ""}
    </svg>
    <figcaption class="muted" aria-hidden="true">
      <span>0</span>
      <span>${t("median {0}, longest {1} tokens; cut at {2}: {3}", ...[median, longest, limit, cut].map(whole))}</span>
      <span>${whole(end - 1)}</span>
    </figcaption>
  </figure>`;
}
