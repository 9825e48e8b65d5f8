import { describeMetric } from "../../engine/protocol/catalogue.ts";
import type { RunStatus, StageStatus } from "../../engine/protocol/runState.ts";
import type { LayoutColumn } from "../../engine/protocol/runsLayout.ts";
import { SWEPT_ARM, type TableValue, sweptAxis } from "../../engine/protocol/runsTable.ts";
import { fromCatalogue, t } from "../localize.ts";
import { percent, short } from "../parts/format.ts";
import { runLook, stageLook } from "../shell/status.ts";
import { clock, moment } from "../shell/time.ts";

/** How values of a column are written. */
export type ColumnKind = "text" | "setting" | "number" | "share" | "date" | "duration" | "status" | "tags";

/** A column, as people see it. */
export interface RunsColumn {
  readonly id: string;
  readonly label: string;
  /** Its meaning, in a sentence. */
  readonly meaning: string;
  readonly kind: ColumnKind;
  /** True for results: over several rows their mean is of interest, of settings whether they agree. */
  readonly isMeasured: boolean;
  /** True for names that are longer than usual. */
  readonly isLong?: boolean;
  /** Least and greatest possible value. */
  readonly bounds: { readonly min?: number | undefined; readonly max?: number | undefined };
}

type Look = Omit<RunsColumn, "id" | "bounds"> & Partial<Pick<RunsColumn, "bounds">>;

/** Describes a column. @param meanings - Of settings. */
export function describeColumn(
  { id, label }: LayoutColumn,
  meanings: Readonly<Record<string, string>> = {},
): RunsColumn {
  const look = factLook(id) ?? sweepLook(id) ?? resultLook(id) ?? settingLook(id, meanings);
  return { id, bounds: {}, ...look, ...(label !== undefined && { label }) };
}

/** A fact about a run or a model. */
function factLook(id: string): Look | undefined {
  const fact = (label: string, kind: ColumnKind, meaning = ""): Look => ({ label, meaning, kind, isMeasured: false });
  switch (id) {
    case "run.id":
      return fact(t("Run"), "text");
    case "run.folder":
      return fact(t("Run’s folder"), "text");
    case "run.name":
      return fact(t("Name"), "text", t("Name of the run in its config"));
    case "run.displayName":
      return fact(t("Display name"), "text", t("Name that somebody has given the run in this table"));
    case "run.tags":
      return fact(t("Tags"), "tags");
    case "run.note":
      return fact(t("Note"), "text");
    case "run.status":
      return fact(t("Status"), "status");
    case "run.progress":
      return fact(t("Progress %"), "share");
    case "run.configFile":
      return fact(t("Config file"), "text");
    case "run.root":
      return fact(t("Folder of runs"), "text");
    case "run.device":
      return fact(t("Device"), "text");
    case "run.createdAt":
      return fact(t("Started"), "date");
    case "run.seconds":
      return fact(t("Duration"), "duration", t("Time of work, without pauses"));
    case "run.alarms":
      return fact(t("Alarms"), "setting");
    case "run.failure":
      return fact(t("Failure"), "text");
    case "run.problem":
      return fact(t("Problem"), "text", t("Why the run’s folder cannot be read in full, and the remedy"));
    case "model.name":
      return fact(t("Model"), "text", t("Arm, SFT, soup or reward model, by its name in the config"));
    case "model.kind":
      return fact(t("Kind"), "text", t("arm, sft, soup or reward"));
    case "model.status":
      return fact(t("Stage"), "status", t("State of the stage that makes the model"));
    case "model.droppedAt":
      return fact(t("Rung"), "setting", t("Rung of successive halving at which the arm was dropped"));
    case "model.seed":
      return fact(t("Seed"), "setting", t("Base seed"));
    case "model.reference":
      return fact(t("Reference"), "text", t("Models that the arm is held to"));
    case "model.beta":
      return fact("β", "setting", t("Weight of the KL penalty; of several candidates the chosen one"));
    case "model.alpha":
      return fact("α", "setting", t("Weight of the second of the two models in the soup that the arm is held to"));
    default:
      return undefined;
  }
}

/** The arm that grids have made a model of, and its values on their axes. */
function sweepLook(id: string): Look | undefined {
  if (id === SWEPT_ARM) {
    const meaning = t("What a grid in the config has made this model of: an arm, or what arms are made of");
    return { label: t("Swept arm"), meaning, kind: "text", isMeasured: false };
  }
  const axis = sweptAxis(id);
  if (axis === undefined) return undefined;
  const meaning = t("Value of the grid at {0}", axis);
  return { label: { beta: "β", alpha: "α" }[axis] ?? axis, meaning, kind: "setting", isMeasured: false };
}

function resultLook(id: string): Look | undefined {
  if (id.startsWith("metric.")) {
    const path = id.slice("metric.".length);
    const { label, unit, description, bounds } = describeMetric(path, fromCatalogue);
    const about = [description, unit === "" ? "" : t("Unit: {0}", unit)].filter((part) => part !== "").join(". ");
    const meaning = t("{0} at the last step. {1}", label, about);
    return { label, meaning, kind: "number", isMeasured: true, ...(bounds && { bounds }) };
  }
  const [family, benchmark = "", last = ""] = id.split("/");
  if (family === "winRate") {
    const meaning = t("Adjusted win rate against {0} on {1}, in percent: a tie is half a win", last, benchmark);
    const label = t("Win % vs {0}, {1}", last, benchmark);
    return { label, meaning, kind: "share", isMeasured: true, bounds: { min: 0, max: 1 } };
  }
  if (family !== "score") return undefined;
  const { label, meaning } = quantityLook(last);
  return { label: t("{0}, {1}", label, benchmark), meaning, kind: "number", isMeasured: true };
}

function quantityLook(quantity: string): { readonly label: string; readonly meaning: string } {
  switch (quantity) {
    case "gold":
      return { label: t("Gold score"), meaning: t("Mean gold score of the answers to the benchmark") };
    case "reward":
      return { label: t("Reward"), meaning: t("Mean score of the answers to the benchmark by the reward model") };
    case "tokens":
      return { label: t("Length"), meaning: t("Mean length of the answers to the benchmark, in tokens") };
    case "ended":
      return { label: t("Ended %"), meaning: t("Share of the answers that end by themselves, in percent") };
    default:
      return { label: quantity, meaning: "" };
  }
}

function settingLook(id: string, meanings: Readonly<Record<string, string>>): Look {
  const label = id.replace(/^config\./, "");
  return {
    label,
    meaning: Object.hasOwn(meanings, id) ? (meanings[id] ?? "") : "",
    kind: "setting",
    isMeasured: false,
  };
}

/** A value as it stands in a cell. */
export function cellText({ kind, id }: Pick<RunsColumn, "kind" | "id">, value: TableValue | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (typeof value === "string") return kind === "status" ? statusText(id, value) : value;
  switch (kind) {
    case "number":
      return short(value);
    case "share":
      return percent(value, 1);
    case "date":
      return moment(value);
    case "duration":
      return clock(value);
    case "setting":
    case "status":
    case "tags":
    case "text":
      return settingText(value);
  }
}

/** A setting with every digit that somebody wrote: 0.05, 1e−5. */
function settingText(value: number): string {
  return String(Number(value.toPrecision(12))).replace(/-/g, "−");
}

function statusText(id: string, status: string): string {
  const look = id === "run.status" ? runLook(status as RunStatus) : stageLook(status as StageStatus);
  return (look as { readonly label: string } | undefined)?.label ?? status;
}

/** True if values of a column stand at the right. */
export function isRight(kind: ColumnKind): boolean {
  return kind === "number" || kind === "share" || kind === "duration" || kind === "setting";
}

/** Pixels of a column. */
export function widthOf({ kind, id, isLong = false }: Pick<RunsColumn, "kind" | "id" | "isLong">): number {
  if (id === "run.note" || id === "run.problem" || id === "run.failure") return 280;
  if (kind === "tags" || kind === "date" || id === "run.configFile" || id === "run.root") return 170;
  if (id === "run.id" || id === "run.displayName") return 170;
  return isLong ? 170 : kind === "text" ? 130 : 120;
}

/** Order of the list of columns: facts, results, settings, each by name. */
export function columnOrder(a: string, b: string): number {
  return familyOf(a) - familyOf(b) || a.localeCompare(b);
}

const FAMILIES = ["run.", "model.", "sweep.", "winRate/", "score/", "metric.", "config."];

function familyOf(id: string): number {
  const at = FAMILIES.findIndex((family) => id.startsWith(family));
  return at < 0 ? FAMILIES.length : at;
}
