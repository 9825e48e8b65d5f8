import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const PYPI = "https://pypi.org/simple";

/** Where packages come from on this machine. */
export interface PackageIndexes {
  /** Addresses in the order in which they are asked; each has a page per package below it. */
  readonly indexes: readonly string[];
  /** A file of certificates to trust in place of Node's own, if pip has been given one. */
  readonly certificates: string | undefined;
}

/** The package indexes that pip and uv are set up with, by environment or files of settings; PyPI where neither is. */
export function packageIndexes(env: NodeJS.ProcessEnv = process.env): PackageIndexes {
  const files = [...pipFiles(env), ...uvFiles(env)].filter((file) =>
    statSync(file, { throwIfNoEntry: false })?.isFile(),
  );
  const texts = files.map((file) => readFileSync(file, "utf8"));
  const named = (names: readonly string[]): string[] => texts.flatMap((text) => settingOf(text, names));
  const variables = (names: readonly string[]): string[] => names.flatMap((name) => words(env[name]));
  const main = [...variables(["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"]), ...named(["index-url"])];
  const extra = [
    ...variables(["PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"]),
    ...named(["extra-index-url", "url"]),
  ];
  const indexes = [...(main.length === 0 ? [PYPI] : main), ...extra]
    .map((index) => index.replace(/^[\w-]+=(?=\w+:)/, "")) // uv's may have a name
    .filter((index) => /^(https?|file):/.test(index))
    .map((index) => index.replace(/\/+$/, ""));
  const [certificates] = [...variables(["PIP_CERT", "SSL_CERT_FILE"]), ...named(["cert"])];
  return { indexes: [...new Set(indexes)], certificates };
}

/** Files of pip's settings, those that win first. */
function pipFiles(env: NodeJS.ProcessEnv): string[] {
  if (env["PIP_CONFIG_FILE"] !== undefined) return [env["PIP_CONFIG_FILE"]];
  const name = process.platform === "win32" ? "pip.ini" : "pip.conf";
  const home = homedir();
  const folders = [
    env["VIRTUAL_ENV"],
    join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "pip"),
    join(home, "Library", "Application Support", "pip"),
    join(home, ".pip"),
    env["APPDATA"] && join(env["APPDATA"], "pip"),
    "/etc/xdg/pip",
    env["PROGRAMDATA"] && join(env["PROGRAMDATA"], "pip"),
    process.platform === "win32" ? undefined : "/etc",
  ];
  return folders.flatMap((folder) => (folder === undefined || folder === "" ? [] : [join(folder, name)]));
}

function uvFiles(env: NodeJS.ProcessEnv): string[] {
  const folders = [join(env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "uv"), "/etc/uv"];
  return [...words(env["UV_CONFIG_FILE"]), ...folders.map((folder) => join(folder, "uv.toml"))];
}

/** Values of settings in a file of pip's (`name = a b`, maybe on several lines) or of uv's (`name = "a"` or a list). */
function settingOf(text: string, names: readonly string[]): string[] {
  const found: string[] = [];
  let isWanted = false;
  for (const line of text.split(/\r?\n/)) {
    const bare = line.replace(/^\s*[#;].*/, "");
    const [, name, value = ""] = /^([\w-]+)\s*[=:]\s*(.*)$/.exec(bare) ?? [];
    if (name !== undefined) isWanted = names.includes(name);
    else if (!/^\s+\S/.test(bare)) isWanted = false;
    if (isWanted) found.push(...words((name === undefined ? bare : value).replace(/[[\]",]/g, " ")));
  }
  return found;
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}
