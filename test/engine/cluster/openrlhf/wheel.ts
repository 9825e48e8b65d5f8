import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { OPENRLHF_VERSION } from "../../../../engine/cluster/openrlhf/flags.ts";

const SHA256 = "c969d70db03a70724c3d8a5a01186c6e0728bce624fb3dff95e39b5396acefa6";
const HERE = fileURLToPath(new URL(".", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../../../..", import.meta.url));
/** Our stand-ins for what OpenRLHF imports. */
const STUBS = join(HERE, "python");
/** A package of its name and version that only plays. */
const DRIVER = join(HERE, "driver");

/** A Python that runs something of OpenRLHF's. */
export interface PythonWith {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Something that this machine lacks. */
export class PythonUnavailableError extends Error {
  override readonly name = "PythonUnavailableError";
}

/** The Python of this machine, from 3.10 on. @throws {PythonUnavailableError} */
function pythonProgram(): string {
  for (const name of ["python3", "python"]) {
    const found = spawnSync(name, ["-c", "import sys; print(sys.version_info >= (3, 10))"], { encoding: "utf8" });
    if (found.status === 0 && found.stdout.trim() === "True") return name;
  }
  throw new PythonUnavailableError("there is no Python 3.10 or later");
}

function withPaths(program: string, paths: readonly string[]): PythonWith {
  const cache = join(REPOSITORY, ".vscode-test", "pycache");
  const compiled = { PYTHONPYCACHEPREFIX: cache, PYTHONDONTWRITEBYTECODE: "" };
  const own = { PYTHONPATH: paths.join(delimiter), PYTHONIOENCODING: "utf8", ...compiled };
  return { program, env: { ...process.env, ...own } };
}

/** The driver in the place of OpenRLHF, for real processes. @throws {PythonUnavailableError} */
export function pythonWithDriver(): PythonWith {
  return withPaths(pythonProgram(), [DRIVER]);
}

/**
 * OpenRLHF's own wheel over our stand-ins: downloaded from PyPI into `.vscode-test/` of the repository, 200 kB, unless it is
 * there.
 * @throws {PythonUnavailableError} without Python, pip or a network.
 */
export function pythonWithWheel(): PythonWith {
  const program = pythonProgram();
  const folder = join(REPOSITORY, ".vscode-test", `openrlhf-${OPENRLHF_VERSION}`);
  const wheel = join(folder, "wheel");
  if (!existsSync(wheel)) download(program, folder, wheel);
  return withPaths(program, [STUBS, join(wheel, `openrlhf-${OPENRLHF_VERSION}.data/purelib`), wheel]);
}

/** Sources of the wheel that is installed. */
export function wheelSource(name: string): readonly string[] {
  const data = join(
    REPOSITORY,
    ".vscode-test",
    `openrlhf-${OPENRLHF_VERSION}`,
    "wheel",
    `openrlhf-${OPENRLHF_VERSION}.data`,
  );
  return readFileSync(join(data, "purelib/openrlhf", name), "utf8").split("\n");
}

function download(program: string, folder: string, wheel: string): void {
  mkdirSync(folder, { recursive: true });
  // Several suites may want it at the same time: each gets it for itself, and the first one's stays.
  const own = mkdtempSync(join(folder, "part-"));
  try {
    const unpacked = unpackedIn(own, program);
    try {
      renameSync(unpacked, wheel);
    } catch (error) {
      if (!existsSync(wheel)) throw error;
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Downloads the wheel into a folder, and unpacks it there. @returns Where. */
function unpackedIn(folder: string, program: string): string {
  const platform = ["--platform", "manylinux1_x86_64", "--python-version", "3.11", "--implementation", "cp"];
  const what = ["--no-deps", "--only-binary", ":all:", ...platform, "--abi", "cp311", `openrlhf==${OPENRLHF_VERSION}`];
  const found = spawnSync(program, ["-m", "pip", "download", "--quiet", "--dest", folder, ...what], {
    encoding: "utf8",
  });
  const file = readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (found.status !== 0 || file === undefined)
    throw new PythonUnavailableError(`pip does not get openrlhf ${OPENRLHF_VERSION}: ${found.stderr.slice(-300)}`);
  const bytes = readFileSync(join(folder, file));
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== SHA256) throw new Error(`${file} is not the wheel that the tables were made for: ${digest}`);
  const unpacked = join(folder, "wheel");
  execFileSync(program, ["-m", "zipfile", "-e", join(folder, file), unpacked]);
  return unpacked;
}

/** Needs of a suite; loudly passed over where this machine lacks it, but not in CI. */
export function neededBy(context: Mocha.Context, find: () => PythonWith): PythonWith {
  try {
    return find();
  } catch (cause) {
    if (!(cause instanceof PythonUnavailableError) || process.env["CI"] !== undefined) throw cause;
    process.stdout.write(`\n*** NOT TESTED: OpenRLHF ${OPENRLHF_VERSION}: ${cause.message}\n\n`);
    return context.skip();
  }
}
