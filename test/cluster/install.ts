import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The Ray that the tests run against, from PyPI. */
export const RAY = "2.60.0";
/** Pythons that it has wheels for, as programs may be called. */
const PYTHONS = ["python3.12", "python3.11", "python3.13", "python3.10", "python3"];

/** A Ray that cannot be installed on this machine. */
export class RayUnavailableError extends Error {
  override readonly name = "RayUnavailableError";
}

/**
 * Installs Ray into a virtual environment in $RAY_TEST_DIR, or `.vscode-test/ray` of the repository, whose worktrees share
 * it: from PyPI alone, some 400 MB, and with nothing written anywhere else.
 *
 * @param report - Called with a line before it takes a while.
 * @returns The folder of its programs.
 * @throws {RayUnavailableError} where there is no Python, or no PyPI.
 */
export function installRay(report: (line: string) => void): string {
  const folder = rayFolder();
  const bin = join(folder, "bin");
  const stamp = join(folder, `.ready-${RAY}`);
  if (existsSync(stamp)) return bin;
  const python = PYTHONS.find((name) => spawnSync(name, ["-c", "import venv, ensurepip"]).status === 0);
  if (python === undefined) throw new RayUnavailableError("there is no Python 3 with venv");
  report(`installing Ray ${RAY} into ${folder}: 400 MB, about a minute`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  try {
    run(python, "-m", "venv", folder);
    run(
      join(bin, "pip"),
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--no-cache-dir",
      `ray[default]==${RAY}`,
    );
    run(join(bin, "ray"), "--version");
  } catch (cause) {
    throw new RayUnavailableError(`Ray ${RAY} cannot be installed: ${(cause as Error).message}`, { cause });
  }
  writeFileSync(`${stamp}.new`, "");
  renameSync(`${stamp}.new`, stamp);
  return bin;
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 15 * 60_000 });
}

function rayFolder(): string {
  const given = process.env["RAY_TEST_DIR"];
  if (given !== undefined) return resolve(given);
  const repository = fileURLToPath(new URL("../..", import.meta.url));
  // Worktrees have one repository; a copy without git has its own.
  const git = spawnSync("git", ["rev-parse", "--path-format=absolute", "--git-common-dir"], {
    cwd: repository,
    encoding: "utf8",
  });
  const common = git.status === 0 ? dirname(git.stdout.trim()) : repository;
  return join(common, ".vscode-test/ray");
}

if (import.meta.main) installRay((line) => process.stdout.write(`${line}\n`));
