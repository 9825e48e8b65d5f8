import { translatedSeen } from "../../engine/protocol/alarmTexts.ts";
import { literal } from "../../engine/common/markdown.ts";
import { workTimes } from "../../engine/protocol/runProgress.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { label } from "../label.ts";
import { fromCatalogue, t } from "../localize.ts";
import { dateText, durationText, percentText, rateText, runIcon, statusText } from "./labels.ts";

/** Everything about a run in short, as Markdown with theme icons. */
export function runTooltip(run: RunSummary): string {
  const { id, status, problem, failure, alarm, nAlarms } = run;
  const head = `**${escaped(id)}** — $(${runIcon(run).icon}) ${statusText(status)}`;
  const rows = factsOf(run).map(([name, value]) => `| ${escaped(name)} | ${escaped(value)} |`);
  const table = rows.length === 0 ? "" : ["| | |", "|:--|:--|", ...rows].join("\n");
  return [
    head,
    table,
    failure === undefined ? "" : `$(error) ${escaped(failure.message)}`,
    alarm === undefined ? "" : `$(warning) ${alarmHead(nAlarms)}: ${escaped(translatedSeen(alarm, fromCatalogue))}`,
    problem === undefined ? "" : `$(warning) ${escaped(problem)}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

type Fact = readonly [name: string, value: string];

function factsOf(run: RunSummary): readonly Fact[] {
  const { progress, device, createdAt, startedAt, result, tables, configFile, status } = run;
  const facts: Fact[] = [];
  if (progress.stage !== "") {
    const steps = progress.total === 0 ? "" : `, ${t("step {0} of {1}", progress.step, progress.total)}`;
    facts.push([t("Stage"), `${progress.stage} (${progress.title})${steps}`]);
  }
  if (progress.nStages > 0 && status !== "finished") {
    const stages = t("{0} of {1} stages", progress.nDone, progress.nStages);
    facts.push([t("Progress"), `${percentText(progress.fraction)}, ${stages}`]);
  }
  if (progress.secondsLeft !== undefined) facts.push([t("Time left"), durationText(progress.secondsLeft)]);
  if (result !== undefined) {
    const { a, b, adjusted, low, high, n, benchmark } = result;
    const interval = t("{0} [{1}, {2}], n = {3}", rateText(adjusted), rateText(low), rateText(high), n);
    facts.push([t("{0} vs {1} on {2}", a, b, benchmark), interval]);
  }
  if (device !== "") facts.push([t("Device"), device]);
  facts.push([t("Started"), dateText(startedAt ?? createdAt)]);
  const times = workTimes(run);
  if (times !== undefined && times.work > 0) {
    const work = durationText(times.work);
    // Under a second, it went on at once.
    const paused = times.paused < 1 ? work : t("{0} of work, paused {1}", work, durationText(times.paused));
    facts.push([t("Duration"), paused]);
  }
  if (tables.length > 0) facts.push([t("Tables"), tables.join(", ")]);
  facts.push([t("Config"), configFile]);
  return facts;
}

function alarmHead(nAlarms: number): string {
  return nAlarms === 1 ? t("1 alarm") : t("{0} alarms, the last", nAlarms);
}

/** A text as Markdown with theme icons that shows it as it is, in one line. */
export function escaped(text: string): string {
  return literal(label(text));
}
