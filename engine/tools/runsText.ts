import type { RunSummary } from "../protocol/service.ts";
import { interval, percent } from "./numbers.ts";

/**
 * Runs as a language model reads them, newest first. The output of the tools is always in English: its readers are
 * models, which answer in the user's language.
 */
export function runsText(runs: readonly RunSummary[], configs: readonly string[], most: number): string {
  const shown = runs.slice(0, most);
  const rest = runs.length - shown.length;
  const parts = [
    runs.length === 0 ? "There are no runs in this workspace yet." : shown.map(runText).join("\n"),
    rest === 0 ? "" : `${rest} older runs are not shown; ask with a higher limit.`,
    configs.length === 0 ? "There are no run configs." : `Run configs: ${configs.join(", ")}`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function runText(run: RunSummary): string {
  const {
    id,
    status,
    ahead,
    reason,
    configFile,
    device,
    createdAt,
    progress,
    tables,
    failure,
    alarm,
    nAlarms,
    result,
    problem,
  } = run;
  const at = progress.stage === "" ? "" : `, at stage ${progress.stage} step ${progress.step} of ${progress.total}`;
  const why = ahead === undefined ? (reason === undefined ? "" : ` (${reason})`) : ` behind ${ahead} others`;
  const waiting = status === "queued" ? why : "";
  const left = progress.secondsLeft === undefined ? "" : `, about ${Math.round(progress.secondsLeft)} s left`;
  const lines = [
    `- ${id}: ${status}${waiting}, ${percent(progress.fraction)} done${at}${left}; stages done ${progress.nDone} of ${progress.nStages}`,
    `  config ${configFile}; device ${device === "" ? "not yet known" : device}; created ${new Date(createdAt).toISOString()}`,
    ...(tables.length === 0 ? [] : [`  tables: ${tables.join(", ")}`]),
    ...(result === undefined
      ? []
      : [
          `  result on ${result.benchmark}: ${result.a} against ${result.b}, adjusted win rate ${percent(result.adjusted)} (95 % interval ${interval(result)}, n ${result.n})`,
        ]),
    ...(alarm === undefined
      ? []
      : [`  alarms: ${nAlarms}, the newest ${alarm.name} in ${alarm.stage}: ${alarm.message}`]),
    ...(failure === undefined ? [] : [`  failure: ${failure.error}: ${failure.message}`]),
    ...(problem === undefined ? [] : [`  problem: ${problem}`]),
  ];
  return lines.join("\n");
}
