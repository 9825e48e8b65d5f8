import type { StageState } from "../../engine/protocol/runState.ts";
import { t } from "../localize.ts";
import { stageLook } from "../shell/status.ts";
import { clock } from "../shell/time.ts";
import type { PipelineNode } from "./graph.ts";

/** What a node is called: models by their name, the rest by its benchmark. */
export function titleOf({ id, kind }: PipelineNode): string {
  if (kind === "answers" || kind === "judgments") return id.slice(id.indexOf(" ") + 1);
  return id;
}

/** What kind of work a node is, with what is of note: "RLHF · ref soup". */
export function whatOf(node: PipelineNode): string {
  const { kind, reference, nDone, stages } = node;
  const of = t("{0} of {1}", nDone, stages.length);
  switch (kind) {
    case "answers":
      return t("answers · {0}", of);
    case "judgments":
      return t("judgments · {0}", of);
    case "arm":
      return reference === undefined ? t("RLHF") : t("RLHF · ref {0}", reference.join(" + "));
    case "base":
      return t("base model");
    case "sft":
      return t("fine-tuning");
    case "preferences":
      return t("preference pairs");
    case "reward":
      return t("reward model");
    case "soup":
      return t("model soup");
    case "other":
      return t("stage");
  }
}

/** The time it took, or has left. */
function spentOf(node: PipelineNode): string {
  const running = node.stages.find(({ status }) => status === "running");
  if (running?.etaSeconds !== undefined) return t("{0} left", clock(running.etaSeconds));
  if (running !== undefined && running.total > 0) return `${Math.floor(shareOf(running) * 100)} %`;
  return node.seconds > 0 ? clock(node.seconds) : "";
}

/** Its state, with the time it took or has left. */
export function stateOf(node: PipelineNode): string {
  const spent = node.status === "cached" ? "" : spentOf(node);
  return [stageLook(node.status).label, spent].filter((part) => part !== "").join(" · ");
}

/** What the graph tells by bars and lines, in words. */
export function unseenOf({ stages, init, uses }: PipelineNode): string {
  const running = stages.find((stage) => stage.status === "running");
  const parts = [
    running === undefined ? "" : t("step {0} of {1}", running.step, running.total),
    init === undefined ? "" : t("starts from {0}", init),
    uses.length === 0 ? "" : t("made from {0}", uses.slice(0, 6).join(", ")),
  ];
  return parts.filter((part) => part !== "").join(". ");
}

/** How far a stage is, 0 to 1. */
export function shareOf({ status, step, total }: StageState): number {
  if (status === "finished" || status === "cached") return 1;
  return total === 0 ? 0 : Math.min(1, step / total);
}
