import { html, nothing, type TemplateResult } from "lit";
import { candidateScore } from "../../engine/protocol/candidateScore.ts";
import { describeMetric } from "../../engine/protocol/catalogue.ts";
import { fromCatalogue, t } from "../localize.ts";
import { short } from "../parts/format.ts";
import { styled } from "../parts/styled.ts";
import { stageLook, statusIcon } from "../shell/status.ts";
import type { Candidate, PipelineNode } from "./graph.ts";

/** How an arm's candidates for β did. */
export interface BetaChoice {
  /** β that was chosen; undefined until then. */
  readonly chosen: number | undefined;
  /** Mean scores on the validation split, by β: by the run's judge once one is chosen, before that of the answers. */
  readonly scores: ReadonlyMap<number, number>;
}

/** Newest value of a metric of a stage; undefined until there is one. */
export type ValueOf = (stage: string, metric: string) => number | undefined;

/** Reads the choice among a node's candidates. */
export function choiceOf({ candidates, stages }: PipelineNode, valueOf: ValueOf): BetaChoice {
  if (candidates.length === 0) return { chosen: undefined, scores: new Map() };
  const choosing = stages.find(({ role }) => role === "result");
  const scores = candidates.flatMap(({ beta, stages: of }) => {
    const validation = of.find(({ role }) => role === "validation");
    // A choice that an earlier version made recorded its own score alone.
    const score =
      (choosing && valueOf(choosing.id, candidateScore(beta))) ??
      (validation && valueOf(validation.id, "validation/score"));
    return score === undefined ? [] : [[beta, score] as const];
  });
  return { chosen: choosing && valueOf(choosing.id, "choice/beta"), scores: new Map(scores) };
}

/** A line for each candidate: its state until it is validated, then its score as a dot on an axis that they share. */
export function candidateRows(
  candidates: readonly Candidate[],
  { chosen, scores }: BetaChoice,
): readonly TemplateResult[] {
  if (candidates.length === 0) return [];
  const all = [...scores.values()];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const { description } = describeMetric("validation/score", fromCatalogue);
  const heading = html`<span class="what by" title=${description}>${t("β by validation score")}</span>`;
  const rows = candidates.map((candidate) => {
    const { beta, status } = candidate;
    const score = scores.get(beta);
    const isChosen = beta === chosen;
    const look = stageLook(status);
    return html`<span class="candidate ${isChosen ? "chosen" : ""}" title=${rowTitle(candidate, score, isChosen)}>
      ${isChosen ? html`<vscode-icon name="check" size="12"></vscode-icon>` : statusIcon(look, 12)}
      <span class="beta">β ${beta}</span>
      ${
        score === undefined
          ? html`<span class="muted">${look.label}</span>`
          : html`<span class="axis" aria-hidden="true"
                ><i ${styled({ left: `${placeOf(score, least, most)}%` })}></i
              ></span>
              <span class="score">${short(score)}</span>`
      }
      ${isChosen ? html`<span class="visually-hidden">${t("chosen")}</span>` : nothing}
    </span>`;
  });
  return [heading, ...rows];
}

function rowTitle({ beta, status }: Candidate, score: number | undefined, isChosen: boolean): string {
  const state = score === undefined ? stageLook(status).label : t("validation score {0}", short(score));
  return [`β ${beta}`, state, ...(isChosen ? [t("chosen")] : [])].join(" · ");
}

/** Percent of the axis. */
function placeOf(score: number, least: number, most: number): number {
  return most === least ? 50 : ((score - least) / (most - least)) * 100;
}
