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

/** The folder of a file. */
export function folderOf(file: string): string {
  const [folder = ""] = /^.*[/\\]/.exec(file) ?? [];
  return folder === "" ? "." : folder;
}

/** A config file's name without folder and `.salsa.json`, in the letters a run may be named with. */
export function nameOf(file: string): string {
  const name = file.slice(file.search(/[^/\\]*$/)).replace(/(\.salsa)?\.jsonc?$/i, "");
  const usable = name.replace(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return usable === "" ? "run" : usable;
}
