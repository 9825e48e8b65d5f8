import { usableName } from "./usableName.ts";

/**
 * A path of a config made absolute: relative to the config's folder, `.` and `..` resolved.
 *
 * Written out because this layer also runs where there is no Node.
 */
export function resolvePath(folder: string, path: string): string {
  const isAbsolute = /^([/\\]|[A-Za-z]:[/\\])/.test(path);
  const whole = isAbsolute ? path : `${folder}/${path}`;
  const [drive = ""] = /^[A-Za-z]:/.exec(whole) ?? [];
  const rest = whole.slice(drive.length);
  const root = /^[/\\]/.test(rest) ? "/" : "";
  const parts: string[] = [];
  for (const part of rest.split(/[/\\]/)) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".." || root === "") parts.push(part);
  }
  return drive + root + parts.join("/") || ".";
}

/** Begins the name of a data set or a model on the hub. */
const HUB = "hf:";

/** True for the name of a data set or a model on the hub, `hf:owner/name@revision`, which is no path. */
export function isHubName(from: string): boolean {
  return from.startsWith(HUB);
}

/** True for a path with wildcards, which fits any number of files. */
export function hasWildcards(path: string): boolean {
  return /[*?]|\{[^}]*,[^}]*\}/.test(path);
}

/** A path of data or a model made absolute; a name on the hub stays what it is. */
export function resolveSource(folder: string, from: string): string {
  return isHubName(from) ? from : resolvePath(folder, from);
}

/** The folder of a file. */
export function folderOf(file: string): string {
  const [folder = ""] = /^.*[/\\]/.exec(file) ?? [];
  return folder === "" ? "." : folder;
}

/** A config file's name without folder and `.salsa.json`, in the letters a run may be named with. */
export function nameOf(file: string): string {
  const name = file.slice(file.search(/[^/\\]*$/)).replace(/(\.salsa)?\.jsonc?$/i, "");
  return usableName(name) || "run";
}

/** A config's file by the name that somebody gives it, with or without its ending. */
export function configFileName(named: string): string {
  return `${named.trim().replace(/(\.salsa)?(\.jsonc?)?$/, "")}.salsa.json`;
}

/** True if a file is a run config, by its name. */
export function isConfigName(path: string): boolean {
  return /\.salsa\.jsonc?$/.test(path);
}

/** True if a file may hold data, by its name: JSON Lines, JSON, gzipped or not, or Parquet. */
export function isDataName(path: string): boolean {
  return /\.(jsonl|ndjson|json|parquet)(\.gz)?$/i.test(path) && !isConfigName(path);
}

/** True if a file is hardly anything else than data: any program has files of JSON. */
export function isSurelyData(path: string): boolean {
  return isDataName(path) && !/\.json$/i.test(path);
}

/** Settings of an adapter, as PEFT stores them. */
export const ADAPTER_FILE = "adapter_config.json";
/** Files of which one makes a folder a checkpoint: a model, or an adapter of one. */
export const CHECKPOINT_MARKS = ["config.json", ADAPTER_FILE] as const;
/** For an adapter where a whole model is needed. */
export const ADAPTER_REMEDY = "it is an adapter: make a checkpoint of it and its base with salsa merge";
