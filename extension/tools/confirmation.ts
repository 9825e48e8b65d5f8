import { formatBytes } from "../../engine/protocol/format.ts";
import { inlineCode } from "../commands/markdown.ts";
import { type Plan, timeText } from "../commands/planMarkdown.ts";
import { t } from "../localize.ts";

/** What a person is told before a run is started for a language model; the plan is absent where none could be made. */
export function confirmationText(file: string, plan: Plan | undefined, nAtWork: number): string {
  const parts = [
    t(
      "A run of {0} trains models on this machine's processor, in a process of its own that goes on when the window is closed.",
      inlineCode(file),
    ),
    plan === undefined ? t("How much there is to do could not be told beforehand.") : planText(plan),
    ...(nAtWork === 0 ? [] : [t("Runs at work or in the queue before it: {0}.", nAtWork)]),
  ];
  return parts.join("\n\n");
}

function planText({ stages, secondsLeft, peakMemoryBytes }: Plan): string {
  const nLeft = stages.filter(({ cached }) => !cached).length;
  return t(
    "It has {0} of {1} stages to do, in about {2}, with at most {3} of memory for models.",
    nLeft,
    stages.length,
    timeText(secondsLeft),
    formatBytes(peakMemoryBytes),
  );
}
