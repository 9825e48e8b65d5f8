import { describeMetric } from "../protocol/catalogue.ts";
import type { MetricName } from "../protocol/catalogue.ts";
import type { WaitReason } from "../protocol/editorModels.ts";
import type { RunEvent } from "../protocol/events.ts";
import { formatDuration, formatFileSize } from "../common/format.ts";
import { runProgress, stageSecondsLeft } from "../protocol/runProgress.ts";
import { type RunState, type StageState, applyEvent, emptyRunState } from "../protocol/runState.ts";
import { amountText, spentBy } from "../protocol/spending.ts";
import { stageNames } from "../protocol/stageName.ts";
import { visibleLine } from "../common/visible.ts";
import { formatNumber } from "./format.ts";
import type { Printed, Styled, Terminal } from "./terminal.ts";

/** Shows a run's events as they come. */
export interface ProgressView {
  show(event: RunEvent): void;
  /** Leaves the screen as it is, below the last line. */
  close(): void;
}

/** Milliseconds between redrawings on a screen. */
const REDRAW = 100;
/** Milliseconds between progress lines where they stay: in a log, a line a second drowns everything else. */
const LINE_INTERVAL = 10_000;
const BAR_WIDTH = 24;
/** Below this many columns the bar is short, so that the times left have room. */
const NARROW = 100;
const NARROW_BAR_WIDTH = 10;
/** Metrics worth a place beside the bar; the first that a stage reports is shown. */
const HEADLINES: readonly MetricName[] = ["objective/score", "reward/accuracy", "sft/loss", "pretrain/loss"];

/** Names of cached stages, given in the line that says so. */
const MOST_NAMES = 4;

/** The stage that runs now, and its line. */
interface Standing {
  readonly stage: string;
  /** Position of the stage among all, kind of work, and product: "9/44 RLHF: salsa". */
  readonly label: string;
  /** Parts of the line, the most important first. */
  parts: readonly string[];
  headline: string;
  drawn: number;
}

/** A bar redrawn in place on a screen, a line now and then elsewhere. Time is the events' own. */
export function progressView(terminal: Terminal): ProgressView {
  const state = emptyRunState("");
  let standing: Standing | undefined;
  let isBarShown = false;
  let cachedStages: string[] = [];
  const clear = (): void => {
    if (isBarShown) terminal.clearLine();
    isBarShown = false;
    // Said once for all that follow each other: a repeated run would begin with a screenful of them.
    if (cachedStages.length > 0) terminal.errLine(mark(terminal, "done"), ` cached: ${listed(cachedStages)}`);
    cachedStages = [];
  };
  const say = (line: readonly Printed[]): void => {
    clear();
    terminal.errLine(...line);
  };
  const draw = (time: number): void => {
    const interval = terminal.isInteractive ? REDRAW : LINE_INTERVAL;
    if (standing === undefined || time - standing.drawn < interval) return;
    standing.drawn = time;
    const parts = [...standing.parts, standing.headline === "" ? "" : `  ${standing.headline}`];
    if (!terminal.isInteractive) {
      terminal.errLine(...parts);
      return;
    }
    clear();
    terminal.err(fitting(parts.map(visibleLine), terminal.columns - 1));
    isBarShown = true;
  };
  /** On a screen a line that is overwritten until the file is there. */
  const showDownload = ({ source, file, doneBytes, totalBytes }: Extract<RunEvent, { kind: "download" }>): void => {
    const text = `${source}: ${file}, ${formatFileSize(doneBytes)} of ${formatFileSize(totalBytes)}`;
    if (doneBytes >= totalBytes || !terminal.isInteractive) {
      say([text]);
      return;
    }
    clear();
    terminal.err(fitting([`  ${visibleLine(text)}`], terminal.columns - 1));
    isBarShown = true;
  };
  const show = (event: RunEvent): void => {
    // Curves would only fill the memory: only their last values are shown.
    if (event.kind !== "metrics") applyEvent(state, event);
    if (event.kind === "stageStarted") {
      const { stage, time } = event;
      const label = `${positionOf(state, stage)} ${titledName(state, stage)}`.trimStart();
      standing = event.cached ? undefined : { stage, label, parts: [], headline: "", drawn: time };
      if (event.cached) cachedStages.push(nameOf(state, stage));
      return;
    }
    if (event.kind === "download") {
      showDownload(event);
      return;
    }
    const current = "stage" in event && standing?.stage === event.stage ? standing : undefined;
    if (event.kind === "metrics" && current !== undefined) current.headline = headlineOf(event.values);
    if (event.kind === "progress" && current !== undefined) {
      const stage = state.stages.find(({ id }) => id === event.stage);
      if (stage !== undefined) current.parts = progressParts(terminal, current.label, stage, state);
      draw(event.time);
    }
    const line = announcement(terminal, event, { label: current?.label, state });
    if (line !== undefined) say(line);
  };
  return { show, close: clear };
}

/** The line that stays, for events that have one. */
function announcement(
  terminal: Terminal,
  event: RunEvent,
  { label, state }: { readonly label: string | undefined; readonly state: RunState },
): readonly Printed[] | undefined {
  switch (event.kind) {
    case "runQueued": {
      const { run, device, ahead = 1, reason } = event;
      const why = reason ?? `${ahead === 1 ? "1 run" : `${ahead} runs`} ahead of it`;
      return [{ style: "bold", text: run }, ` waits for ${device}: ${why}`];
    }
    case "runStarted":
      return [event.resumed ? "Resuming " : "Run ", { style: "bold", text: event.run }, ` on ${event.device}`];
    case "stageFinished":
      return label === undefined ? undefined : [mark(terminal, "done"), ` ${label}  ${formatDuration(event.seconds)}`];
    case "alarm":
      return [mark(terminal, "alarm"), ` ${nameOf(state, event.stage)}, step ${event.step}: ${event.message}`];
    case "modelWait":
      return event.reason === null ? undefined : [waitLine(event.model, event.reason)];
    case "stageDropped":
      return event.rung === undefined ? undefined : [`${nameOf(state, event.stage)}: dropped at rung ${event.rung}`];
    case "note":
      return [event.stage === undefined ? event.message : `${nameOf(state, event.stage)}: ${event.message}`];
    case "stageStarted":
    case "progress":
    case "metrics":
    case "download":
    case "table":
    case "runFinished":
    case "runFailed":
      // Drawn above, or printed when the command ends.
      return undefined;
  }
}

function waitLine(model: string, reason: WaitReason): string {
  switch (reason) {
    case "window":
      return `waits for a window of VS Code that has this folder open and trusts it, to ask ${model}`;
    case "missing":
      return `waits for a window of VS Code that has the model ${model}`;
    case "consent":
      return `waits for your consent in VS Code to ask ${model}`;
    case "blocked":
      return `waits until ${model} may be asked again: its quota is used up`;
  }
}

/** As many parts as fit: a line that wraps could not be redrawn in place, and half a number misleads. */
function fitting(parts: readonly string[], columns: number): string {
  let line = "";
  for (const part of parts) {
    if (line !== "" && line.length + part.length > columns) break;
    line += part;
  }
  return line.slice(0, Math.max(0, columns));
}

/** Position of a stage among all, counted from 1: "12/44"; empty for a run that has not listed its stages. */
function positionOf({ stages, startedAt }: RunState, stage: string): string {
  return startedAt === undefined ? "" : `${stages.findIndex(({ id }) => id === stage) + 1}/${stages.length}`;
}

/** Name of a stage for people: "salsa (β 0.1)". */
const nameOf = ({ stages }: RunState, id: string): string => stageNames(stages)(id);

/** "RLHF: salsa". */
function titledName(state: RunState, id: string): string {
  const title = state.stages.find((one) => one.id === id)?.title ?? "";
  return title === "" ? nameOf(state, id) : `${title}: ${nameOf(state, id)}`;
}

function progressParts(terminal: Terminal, label: string, stage: StageState, state: RunState): readonly string[] {
  const { step, total } = stage;
  const share = total === 0 ? 1 : Math.min(1, step / total);
  const percent = `${Math.floor(100 * share)} %`.padStart(5);
  const eta = stageSecondsLeft(stage, state.updatedAt);
  const all = eta === undefined ? undefined : runProgress(state).secondsLeft;
  const inAll = all === undefined ? "" : `, ${formatDuration(all)} in all`;
  const spent = spentBy(state);
  const cost = spent === undefined ? "" : `, ${amountText(spent)} so far`;
  const left = eta === undefined ? "" : `  ${formatDuration(eta)} left`;
  if (!terminal.isInteractive) return [`${label} ${percent.trim()} (${step}/${total})`, left, inAll, cost];
  const width = terminal.columns < NARROW ? NARROW_BAR_WIDTH : BAR_WIDTH;
  const filled = Math.round(share * width);
  const bar = "█".repeat(filled) + "░".repeat(width - filled);
  return [`  ${label}  ${bar} ${percent}`, left, inAll, cost];
}

function headlineOf(values: Readonly<Record<string, number | null>>): string {
  const name = HEADLINES.find((one) => typeof values[one] === "number");
  return name === undefined ? "" : `${describeMetric(name).label} ${formatNumber(values[name] ?? 0)}`;
}

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function mark(terminal: Terminal, kind: "done" | "alarm"): Styled {
  if (kind === "alarm") return { style: "yellow", text: terminal.isInteractive ? "▲" : "warning:" };
  return { style: "green", text: terminal.isInteractive ? "✓" : "done:" };
}
