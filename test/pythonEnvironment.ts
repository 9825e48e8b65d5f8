import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Pythons that have wheels, as programs may be called. */
const PYTHONS = ["python3.12", "python3.11", "python3.13", "python3.10", "python3"];

/** Packages of PyPI that cannot be installed on this machine. */
export class PackagesUnavailableError extends Error {
  override readonly name = "PackagesUnavailableError";
}

/** Packages that tests run against. */
export interface PythonPackages {
  /** For people. */
  readonly title: string;
  readonly version: string;
  /** Its folder in `.vscode-test`, and the variable that names another one. */
  readonly folder: string;
  readonly variable: string;
  /** Arguments of `pip install`, call by call. */
  readonly installs: readonly (readonly string[])[];
  /** A program of theirs and its arguments, which shows that all of it is there. */
  readonly check: readonly [string, ...string[]];
  /** Size and time: "400 MB, about a minute". */
  readonly takes: string;
}

/**
 * Installs packages into a virtual environment of their own in `.vscode-test` of the repository, whose worktrees share it:
 * from PyPI alone, and with nothing written anywhere else.
 *
 * @param packages - Their names, and a program that shows that they are there.
 * @param report - Called with a line before it takes a while.
 * @returns The folder of its programs.
 * @throws {PackagesUnavailableError} where there is no Python, or no PyPI.
 */
export function installPackages(packages: PythonPackages, report: (line: string) => void): string {
  const { title, version, folder: name, variable, installs, takes } = packages;
  const folder = folderOf(name, variable);
  const bin = join(folder, "bin");
  const stamp = join(folder, `.ready-${version}`);
  if (existsSync(stamp)) return bin;
  const python = PYTHONS.find((one) => spawnSync(one, ["-c", "import venv, ensurepip"]).status === 0);
  if (python === undefined) throw new PackagesUnavailableError("there is no Python 3 with venv");
  report(`installing ${title} ${version} into ${folder}: ${takes}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  try {
    run(python, "-m", "venv", folder);
    const quiet = ["install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"];
    for (const named of installs) run(join(bin, "pip"), ...quiet, ...named);
    const [program, ...args] = packages.check;
    run(join(bin, program), ...args);
  } catch (cause) {
    throw new PackagesUnavailableError(`${title} ${version} cannot be installed: ${(cause as Error).message}`, {
      cause,
    });
  }
  writeFileSync(`${stamp}.new`, "");
  renameSync(`${stamp}.new`, stamp);
  return bin;
}

/**
 * Installs what a suite runs against. Where that cannot be, the suite is skipped, which is said aloud; in CI it fails.
 * @returns The folder of the programs.
 */
export function installedOrSkip(
  suite: Mocha.Context,
  what: string,
  install: (report: (line: string) => void) => string,
): string {
  try {
    return install((line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    if (!(error instanceof PackagesUnavailableError) || process.env["CI"] !== undefined) throw error;
    process.stdout.write(`*** NOT TESTED: ${what}, ${error.message}\n`);
    return suite.skip();
  }
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 15 * 60_000 });
}

function folderOf(name: string, variable: string): string {
  const given = process.env[variable];
  if (given !== undefined) return resolve(given);
  const repository = fileURLToPath(new URL("..", import.meta.url));
  // Worktrees have one repository; a copy without git has its own.
  const git = spawnSync("git", ["rev-parse", "--path-format=absolute", "--git-common-dir"], {
    cwd: repository,
    encoding: "utf8",
  });
  const common = git.status === 0 ? dirname(git.stdout.trim()) : repository;
  return join(common, ".vscode-test", name);
}
