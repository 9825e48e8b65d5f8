import type { DeviceProperties } from "../../engine/compute/backends/cuda/driver.ts";
import { type Sheet, sheetText } from "../../engine/evaluation/tables/sheet.ts";
import { type FigureResult, targetText } from "./figures.ts";

/** How a part went. */
export interface PartReport {
  readonly name: string;
  readonly state: "passed" | "failed" | "out of time" | "left out";
  readonly seconds: number;
  /** Cases that passed, where the part has such. */
  readonly passed?: number;
  /** Failures, with the first number that differs where numbers do. */
  readonly failures?: readonly { readonly case: string; readonly error: string }[];
  /** Why it was left out. */
  readonly reason?: string;
}

/** All of a run, as its JSON has it. */
export interface Report {
  readonly format: 1;
  readonly date: string;
  /** True on the interpreter of PTX, which measures nothing. */
  readonly isInterpreted: boolean;
  /** With the newest CUDA version that the driver knows: 12040 is 12.4. */
  readonly card: DeviceProperties & { readonly driver: number };
  readonly host: Readonly<Record<"node" | "platform" | "processor", string>>;
  readonly seconds: number;
  readonly parts: readonly PartReport[];
  readonly figures: readonly FigureResult[];
  /** Rates in operations, bytes or tokens a second; times in seconds. */
  readonly measured: Readonly<Record<string, number>>;
}

/** Failures that the table shows of each part; the JSON has all. */
const MOST_SHOWN = 5;

/** The tables of a report. */
export function reportText({ card, isInterpreted, parts, figures, seconds }: Report): string {
  const where = isInterpreted ? "on the interpreter of PTX: the times say nothing about any card" : cardText(card);
  const states = parts.map(({ name, state, seconds: taken, passed, failures = [], reason = "" }) => {
    const counts = passed === undefined || passed === 0 ? "" : `${passed} passed`;
    const failed = failures.length === 0 ? "" : `${failures.length} failed`;
    return [name, state, `${taken.toFixed(1)} s`, [counts, failed, reason].filter((text) => text !== "").join(", ")];
  });
  const failures = parts.flatMap(({ failures: found = [] }) => [
    ...found.slice(0, MOST_SHOWN).map((failure) => `  ${failure.case}: ${firstLine(failure.error)}`),
    ...(found.length > MOST_SHOWN ? [`  … and ${found.length - MOST_SHOWN} more`] : []),
  ]);
  const values = figures.map((figure) => {
    const target = targetText(figure);
    return [figure.name, figure.value.toPrecision(3), target, target === "" ? "" : figure.isMet ? "met" : "missed"];
  });
  return [
    `${where}; ${seconds.toFixed(0)} s`,
    sheetText(sheet(["part", "state", "time", ""], states)),
    ...(failures.length === 0 ? [] : ["failures:", ...failures]),
    ...(values.length === 0 ? [] : [sheetText(sheet(["figure", "value", "target", ""], values))]),
  ].join("\n");
}

function cardText({ name, memoryBytes, capability, driver }: Report["card"]): string {
  const knows = `${Math.floor(driver / 1000)}.${Math.floor((driver % 1000) / 10)}`;
  return `${name}, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB, compute capability ${capability.join(".")}, CUDA ${knows}`;
}

function sheet(headers: readonly string[], rows: Sheet["rows"]): Sheet {
  return { columns: headers.map((header) => ({ header, align: "left" })), rows };
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";
