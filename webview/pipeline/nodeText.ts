import { shareDone } from "../../engine/protocol/runProgress.ts";
import { t } from "../localize.ts";
import { originText } from "../parts/origin.ts";
import { stageLook } from "../shell/status.ts";
import { clock } from "../shell/time.ts";
import type { PipelineNode } from "./graph.ts";

/** Names a node's kind of work, with its particulars: "RLHF · β 0.2 · ref soup". */
export function workOf(node: PipelineNode, chosen: number | undefined): string {
  const { kind, nDone, stages } = node;
  const of = t("{0} of {1}", nDone, stages.length);
  switch (kind) {
    case "answers":
      return t("answers · {0}", of);
    case "judgments":
      return t("judgments · {0}", of);
    case "arm":
      return armWork(node, chosen);
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
      return stages[0]?.title ?? "";
  }
}

function armWork({ reference, stages }: PipelineNode, chosen: number | undefined): string {
  const parts = [
    stages.some(({ kind }) => kind === "dpo") ? t("DPO") : t("RLHF"),
    chosen === undefined ? "" : `β ${chosen}`,
    reference === undefined ? "" : t("ref {0}", reference.join(" + ")),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** The time it took, or has left. */
function spentOf(node: PipelineNode): string {
  const running = node.stages.find(({ status }) => status === "running");
  if (running?.etaSeconds !== undefined) return t("{0} left", clock(running.etaSeconds));
  if (running !== undefined && running.total > 0) return `${Math.floor(shareDone(running) * 100)} %`;
  return node.seconds > 0 ? clock(node.seconds) : "";
}

/** Its state, with the time it took or has left; of a cached one, the run that it is from. */
export function stateOf(node: PipelineNode): string {
  const { label } = stageLook(node.status);
  if (node.status === "cached") return originText(node.stages) || label;
  return [label, spentOf(node)].filter((part) => part !== "").join(" · ");
}

/** Text alternative for the graph's bars and lines. `nameOf` names nodes by their ids. */
export function unseenOf({ stages, status, init, uses }: PipelineNode, nameOf: (id: string) => string): string {
  const origin = originText(stages);
  const running = stages.find((stage) => stage.status === "running");
  const parts = [
    running === undefined ? "" : t("step {0} of {1}", running.step, running.total),
    init === undefined ? "" : t("starts from {0}", init),
    uses.length === 0 ? "" : t("made from {0}", uses.slice(0, 6).map(nameOf).join(", ")),
    // A node that is cached as a whole names its origin and shows its state by an icon.
    origin === "" ? "" : status === "cached" ? stageLook(status).label : origin,
  ];
  return parts.filter((part) => part !== "").join(". ");
}
