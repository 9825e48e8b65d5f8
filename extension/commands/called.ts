import type { Uri } from "vscode";
import type { RunsItem } from "../salsa.ts";

/** Targets that a command was called on; all empty from the palette. */
export interface Called {
  /** Of runs; the one that was clicked is first. */
  readonly folders: readonly string[];
  /** Configs, or folders of the explorer. */
  readonly files: readonly Uri[];
  /** Folders of checkpoints. */
  readonly models: readonly string[];
}

/**
 * Reads the arguments that VS Code passes: items of the Runs view with the rest of the selection, files of an editor or
 * the explorer, or the folder of a run from the dashboard.
 */
export function readCalled(args: readonly unknown[]): Called {
  const [clicked, selected] = args;
  const all: readonly unknown[] = [clicked, ...(Array.isArray(selected) ? (selected as unknown[]) : [])];
  const items = all.filter(isItem);
  const files = [...all.filter(isUri), ...items.flatMap(({ uri }) => uri ?? [])];
  return {
    folders: unique([
      ...all.filter((one) => typeof one === "string"),
      ...items.flatMap(({ kind, folder }) => (kind === "config" ? [] : (folder ?? []))),
    ]),
    files: files.filter((file, index) => files.findIndex((other) => String(other) === String(file)) === index),
    models: unique(items.flatMap(({ model }) => model ?? [])),
  };
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** By its shape, since items of the view and files come through here that other copies of a class have made. */
function isUri(value: unknown): value is Uri {
  return isRecord(value) && typeof value["fsPath"] === "string" && typeof value["scheme"] === "string";
}

function isItem(value: unknown): value is RunsItem {
  return isRecord(value) && !isUri(value) && typeof value["kind"] === "string";
}
