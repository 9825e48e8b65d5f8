import { readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import type { BackendPart } from "../../descriptor.ts";
import { CublasUnusableError, LibCublasLt } from "./libcublasLt.ts";

/** Names cuBLASLt, its folder, or {@link CUBLAS_OFF}. */
export const CUBLAS_VARIABLE = "SALSA_CUBLAS_PATH";
/** In place of a path: no library, products are our own kernels'. */
export const CUBLAS_OFF = "off";

/** A library that is not taken, and why. */
export interface PassedOver {
  readonly file: string;
  readonly reason: string;
}

/** Result of a search for cuBLASLt. */
export interface CublasSearch {
  /** Path, or the name by which the system's loader knows it. */
  readonly found?: { readonly file: string; readonly version: string };
  /** Those that were tried before. */
  readonly passedOver: readonly PassedOver[];
  /** True where the environment says that products are our own kernels'. */
  readonly isOff: boolean;
}

/** Where cuBLASLt is looked for. */
export interface CublasPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
  /** True where the system's loader is asked, too. */
  readonly asksLoader: boolean;
  /** Folders of CUDA toolkits, by their beginning, and those in which Pythons usually are. */
  readonly toolkits: string;
  readonly pythons: readonly string[];
}

/**
 * Looks for cuBLASLt: where the environment says, where the system's loader looks, in CUDA toolkits, and in the Python
 * environments of the path and of usual places. Takes the first that works with the driver.
 *
 * @param newestCuda - That the driver knows, as it counts: 12040 is 12.4.
 */
export function findCublas(
  newestCuda: number,
  places: CublasPlaces = placesOf(process.env, process.platform),
): CublasSearch {
  const asked = places.env[CUBLAS_VARIABLE] ?? "";
  if (asked === CUBLAS_OFF) return { passedOver: [], isOff: true };
  const major = Math.floor(newestCuda / 1000);
  const passedOver: PassedOver[] = [];
  for (const file of asked === "" ? usualFiles(places, major) : filesAt(asked, places.platform)) {
    try {
      const { version, cuda } = new LibCublasLt(file);
      // Within a major version, libraries work with older drivers, too.
      if (Math.floor(cuda / 1000) <= major) return { found: { file, version }, passedOver, isOff: false };
      passedOver.push({ file, reason: `it is of CUDA ${Math.floor(cuda / 1000)}, and the driver knows ${major}` });
    } catch (error) {
      if (!(error instanceof CublasUnusableError)) throw error;
      const isLookedFor = asked === "" && namesFor(places, major).includes(file);
      // A name that the system's loader does not know is no library that was passed over.
      if (!isLookedFor || !isMissing(error.message, places.platform)) passedOver.push({ file, reason: error.message });
    }
  }
  return { passedOver, isOff: false };
}

/** True for a loader's words where it has found nothing; Windows says nothing else, whatever is wrong. */
const isMissing = (message: string, platform: string): boolean =>
  platform === "win32" || message.includes("No such file");

/** A search's result for people. */
export function cublasParts({ found, passedOver, isOff }: CublasSearch): readonly BackendPart[] {
  const name = "cuBLASLt";
  if (isOff) return [{ name, isThere: true, detail: `${CUBLAS_OFF}, by ${CUBLAS_VARIABLE}: ${OWN}` }];
  const remedy = `name another in ${CUBLAS_VARIABLE} or the setting salsa.cublasPath, a file or its folder, or write ${CUBLAS_OFF}`;
  const others = passedOver.map(({ file, reason }) => ({
    ...{ name, isThere: false, detail: `${file} is passed over: ${reason}`, remedy },
  }));
  if (found !== undefined) return [...others, { name, isThere: true, detail: `${found.version}, ${found.file}` }];
  if (others.length > 0) return others;
  return [{ name, isThere: false, detail: `not found: ${OWN}`, remedy: INSTALLING }];
}

const OWN = "the engine's own kernels multiply matrices";

const INSTALLING =
  "optional, for faster training: pip install nvidia-cublas-cu12, or whatever brings CUDA's libraries: a toolkit, PyTorch; " +
  `one in another place is named in ${CUBLAS_VARIABLE} or the setting salsa.cublasPath`;

function placesOf(env: CublasPlaces["env"], platform: string): CublasPlaces {
  const home = homedir();
  const isWindows = platform === "win32";
  const programs = env["ProgramFiles"] ?? "C:\\Program Files";
  return {
    ...{ env, platform, home, asksLoader: true },
    toolkits: isWindows ? join(programs, "NVIDIA GPU Computing Toolkit", "CUDA", "v") : "/usr/local/cuda",
    pythons: [
      ...["/opt/conda", "/opt/venv", "/venv", "/usr/local", "/usr"],
      ...[".local", "miniconda3", "anaconda3", "miniforge3"].map((name) => join(home, name)),
    ],
  };
}

/** Names of the library, newest first, as far as the driver takes them: older ones are tried to say that they are too old. */
function namesFor({ platform, asksLoader }: CublasPlaces, major: number): readonly string[] {
  const majors = Array.from({ length: asksLoader ? Math.max(major - 10, 0) : 0 }, (_, index) => major - index);
  return majors.map((one) => (platform === "win32" ? `cublasLt64_${one}.dll` : `libcublasLt.so.${one}`));
}

/** Files that may be the library, without a look into them. */
function usualFiles(places: CublasPlaces, major: number): readonly string[] {
  const isWindows = places.platform === "win32";
  const beginning = places.toolkits;
  const toolkits = entriesOf(dirname(beginning)).filter((folder) => folder.startsWith(beginning));
  const inToolkit = isWindows ? ["bin", "bin/x64"] : ["lib64", "lib"];
  const folders = [
    ...toolkits.flatMap((folder) => inToolkit.map((part) => join(folder, part))),
    ...pythonRoots(places).flatMap((root) => packageFolders(root, isWindows)),
  ];
  const files = new Set(folders.flatMap((folder) => librariesIn(folder, places.platform)));
  return [...namesFor(places, major), ...files];
}

/** Folders of Python environments: of each python on the path, also behind its link, and the usual ones. */
function pythonRoots({ env, platform, home, pythons }: CublasPlaces): readonly string[] {
  const name = platform === "win32" ? "python.exe" : "python3";
  const path = (env["PATH"] ?? env["Path"] ?? "").split(delimiter);
  const onPath = path.filter((folder) => isAbsolute(folder) && isFile(join(folder, name)));
  const roots = onPath.map((folder) => (platform === "win32" ? folder : dirname(folder)));
  return [...new Set([...roots, ...pythons, ...entriesOf(join(home, ".pyenv", "versions"))])];
}

/** Folders of a Python environment in which NVIDIA's packages put the library. */
function packageFolders(root: string, isWindows: boolean): readonly string[] {
  const packages = isWindows
    ? [join(root, "Lib", "site-packages")]
    : entriesOf(join(root, "lib"))
        .filter((folder) => /[\\/]python3[.\d]*$/.test(folder))
        .flatMap((folder) => [join(folder, "site-packages"), join(folder, "dist-packages")]);
  const inside = isWindows ? ["cublas/bin", "cu13/bin/x86_64"] : ["cublas/lib", "cu13/lib"];
  return packages.flatMap((folder) => inside.map((part) => join(folder, "nvidia", part)));
}

/** Libraries in a folder, newest first. */
function librariesIn(path: string, platform: string): readonly string[] {
  const pattern = platform === "win32" ? /cublasLt64_(\d+)\.dll$/i : /libcublasLt\.so\.(\d+)$/;
  const major = (file: string): number => Number(pattern.exec(file)?.[1]);
  return entriesOf(path)
    .filter((file) => pattern.test(file))
    .sort((one, other) => major(other) - major(one));
}

/** The libraries in a folder; else the path itself, there or not. */
function filesAt(path: string, platform: string): readonly string[] {
  const inside = librariesIn(path, platform);
  return inside.length === 0 ? [path] : inside;
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
