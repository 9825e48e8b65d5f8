import { formatBytes } from "../../engine/common/format.ts";
import type { PlanOutput } from "../../engine/protocol/toolOutput.ts";
import { codeSpan } from "../../engine/common/markdown.ts";
import { t } from "../localize.ts";
import { timeText } from "../runs/labels.ts";

/** Asks the user whether a language model may start a run; the plan is absent if the config could not be planned. */
export function confirmationText(file: string, plan: PlanOutput | undefined, nAtWork: number): string {
  const parts = [
    t(
      "A run of {0} trains models on this machine's processor, in a process of its own that continues when the window is closed.",
      codeSpan(file),
    ),
    plan === undefined ? t("The run could not be planned, so its duration is unknown.") : planText(plan),
    ...(nAtWork === 0 ? [] : [t("Active and queued runs ahead: {0}.", nAtWork)]),
  ];
  return parts.join("\n\n");
}

function planText({ stages, secondsLeft, peakMemoryBytes }: PlanOutput): string {
  const nLeft = stages.filter(({ cached }) => !cached).length;
  return t(
    "{0} of {1} stages are left to do, in about {2}, with at most {3} of memory for models.",
    nLeft,
    stages.length,
    timeText(secondsLeft),
    formatBytes(peakMemoryBytes),
  );
}
