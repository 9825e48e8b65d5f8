import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The workbench and server of VS Code 1.139.1, from npm's registry, and the Node that it is made for. */
const CODE_SERVER = "4.139.1";
const NODE = "24.21.0";
/** Has no server for Windows, and no prebuilt natives for other processors. */
const SYSTEMS: readonly string[] = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

/** An installed VS Code server. */
export interface HostProgram {
  /** The Node that runs it. */
  readonly node: string;
  /** VS Code's own entry; code-server's wrapper with its login and proxy is not needed. */
  readonly entry: string;
}

/** A VS Code host that cannot be installed on this machine. */
export class HostUnavailableError extends Error {
  override readonly name = "HostUnavailableError";
}

/**
 * Installs VS Code's server into $VSCODE_HOST_DIR, or `.vscode-test/host` of the repository, unless it is there: from
 * npm's registry only, some 770 MB, and with nothing written anywhere else.
 *
 * @param report - Called before each step that takes a while, with a line about it.
 * @throws {HostUnavailableError} on a system that there is no such server for.
 */
export function installHost(report: (line: string) => void): HostProgram {
  const system = `${process.platform}-${process.arch}`;
  if (!SYSTEMS.includes(system))
    throw new HostUnavailableError(`VS Code host: there is none for ${system}, only for ${SYSTEMS.join(", ")}`);
  const folder = hostFolder();
  const codeServer = join(folder, "node_modules/code-server");
  const node = join(folder, `node_modules/node-${system}/bin/node`);
  const program = { node, entry: join(codeServer, "lib/vscode/out/server-main.js") };
  const stamp = join(folder, `.ready-${CODE_SERVER}-${NODE}`);
  if (existsSync(stamp)) return program;

  report(`installing VS Code's server (code-server ${CODE_SERVER}) into ${folder}: 770 MB, about a minute`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "vscode-host", "private": true }\n');
  const npm = inFolder(folder);
  npm(folder, "install", "--ignore-scripts", "--no-save", `node-${system}@${NODE}`, `code-server@${CODE_SERVER}`);
  // As code-server's own install script, without its builds: most natives lie prebuilt in their packages.
  for (const inner of ["lib/vscode", "lib/vscode/extensions"])
    npm(join(codeServer, inner), "install", "--ignore-scripts", "--omit=dev");
  buildNatives(join(codeServer, "lib/vscode"), npm, report);
  rmSync(join(codeServer, "lib/vscode/extensions/copilot"), { recursive: true, force: true });
  allowSearch(join(codeServer, "lib/vscode/node_modules/@vscode/ripgrep-universal/bin"));
  execFileSync(program.node, [program.entry, "--version"], { stdio: "ignore" });
  rmSync(join(folder, CACHE), { recursive: true, force: true });
  writeFileSync(stamp, "");
  return program;
}

type Npm = (folder: string, command: string, ...args: readonly string[]) => void;

/** npm's downloads, which are removed when all is installed. */
const CACHE = ".npm-cache";

function hostFolder(): string {
  const repository = fileURLToPath(new URL("../../..", import.meta.url));
  return resolve(process.env["VSCODE_HOST_DIR"] ?? join(repository, ".vscode-test/host"));
}

/** Runs npm with a cache of its own, and with the Node that has been installed. */
function inFolder(root: string): Npm {
  const bin = join(root, `node_modules/node-${process.platform}-${process.arch}`, "bin");
  return (folder, command, ...args) => {
    // npm describes the package that it runs for to its children in these.
    const inherited = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_"));
    execFileSync("npm", [command, ...args, "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...Object.fromEntries(inherited),
        npm_config_cache: join(root, CACHE),
        PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
      },
    });
  };
}

/** Builds the module that writes output channels to disk, if there is a compiler; without it they stay empty. */
function buildNatives(vscode: string, npm: Npm, report: (line: string) => void): void {
  const missing = ["g++", "make", "python3"].filter((tool) => spawnSync(tool, ["--version"]).error !== undefined);
  if (missing.length > 0) {
    report(`no ${missing.join(", no ")}: output channels of the host stay empty`);
    return;
  }
  const headers = join(vscode, "../../..", `node-${process.platform}-${process.arch}`);
  try {
    npm(vscode, "rebuild", `--nodedir=${headers}`, "@vscode/spdlog", "@vscode/native-watchdog");
  } catch (error) {
    report(`@vscode/spdlog cannot be built (${(error as Error).message}): output channels of the host stay empty`);
  }
}

/** npm leaves the executable bit of ripgrep away. */
function allowSearch(folder: string): void {
  if (!existsSync(folder)) return;
  for (const system of readdirSync(folder)) {
    const file = join(folder, system, "rg");
    if (existsSync(file)) chmodSync(file, 0o755);
  }
}

if (import.meta.main) installHost((line) => process.stdout.write(`${line}\n`));
