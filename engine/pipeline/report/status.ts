import { formatDuration } from "../../common/format.ts";
import { codeSpan, literal } from "../../common/markdown.ts";
import { runProgress } from "../../protocol/runProgress.ts";
import type { RunFacts } from "./facts.ts";
import { moment } from "./markdown.ts";

/** The run's end: first of all where it is not whole, so that nobody takes parts for results. */
export function statusSection({ state }: RunFacts): string {
  const { status, startedAt, updatedAt, failure, reason } = state;
  const { nDone, nStages, stage, step, total } = runProgress(state);
  const asOf = updatedAt === undefined ? "" : ` Its last word is of ${moment(updatedAt)}.`;
  const done = `${nDone} of ${nStages} stages are done`;
  const warn = (title: string, text: string): string => `> **${title}** ${text}${asOf}`;
  switch (status) {
    case "finished": {
      const seconds = state.stages.reduce((sum, one) => sum + (one.status === "finished" ? (one.seconds ?? 0) : 0), 0);
      const nMade = state.stages.filter((one) => one.status === "cached").length;
      const reused = nMade === 0 ? "" : `; ${nMade} of ${nStages} stages were there from earlier runs`;
      const began = startedAt === undefined ? "" : `Begun ${moment(startedAt)}, `;
      const ended = updatedAt === undefined ? "" : `finished ${moment(updatedAt)}; `;
      return `${began}${ended}${formatDuration(seconds)} of work${reused}.`;
    }
    case "failed": {
      const where =
        failure?.stage === undefined || failure.stage === null ? "" : ` in stage ${codeSpan(failure.stage)}`;
      const what = failure === undefined ? "" : ` ${literal(`${failure.error}: ${failure.message}`)}.`;
      return warn(`This run failed${where}.`, `${done}; what follows is what there was by then.${what}`);
    }
    case "stopped":
      return warn("This run was stopped before its end.", `${done}; \`salsa resume\` goes on from there.`);
    case "lost":
      return warn("This run was cut off: its process is gone.", `${done}; \`salsa resume\` goes on from there.`);
    case "queued":
      return warn(
        "This run has not begun.",
        `It waits for its device${reason === undefined ? "" : `: ${literal(reason)}`}.`,
      );
    case "running": {
      const where = total === 0 ? "has begun" : `is at step ${step} of ${total}`;
      const at = stage === "" ? "" : `, and stage ${codeSpan(stage)} ${where}`;
      return warn("This run is still at work.", `${done}${at}; what follows is what there is so far.`);
    }
  }
}
