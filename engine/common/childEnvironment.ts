/** Variables of an environment, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder whose node_modules holds the user's TensorFlow.js. */
export const TFJS_VARIABLE = "SALSA_TFJS_PATH";
/** cuBLASLt or its folder. */
export const CUBLAS_VARIABLE = "SALSA_CUBLAS_PATH";
/** In place of that path: none. */
const CUBLAS_OFF = "off";
/** The folder of sockets and device locks. */
export const RUNTIME_VARIABLE = "SALSA_RUNTIME_DIR";

/**
 * Variables that our processes need. Everything else stays behind, since a terminal's variables may come from a
 * workspace, and there are too many that make a program load code: NODE_OPTIONS, NODE_PATH, LD_PRELOAD,
 * DYLD_INSERT_LIBRARIES, OPENSSL_CONF, GCONV_PATH, GIT_EXTERNAL_DIFF, BASH_ENV.
 */
const NAMES = new Set([
  // The user, with home and language.
  ...["HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP"],
  ...["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"],
  // How output is shown.
  ...["TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "CI"],
  // Hugging Face's hub: who asks, where, and whether at all.
  ...["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE"],
  // Devices and threads of TensorFlow.js's native builds.
  ...["CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES", "OMP_NUM_THREADS"],
  ...["TF_CPP_MIN_LOG_LEVEL", "TF_FORCE_GPU_ALLOW_GROWTH"],
  // Without these, programs do not start on Windows, or do not find their user.
  ...["SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "PATHEXT", "USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH"],
  ...["APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"],
]);

/** Kept where the path is absolute: a relative one means another folder in each working directory. */
const PATH_NAMES = new Set([
  ...[TFJS_VARIABLE, CUBLAS_VARIABLE, RUNTIME_VARIABLE],
  ...["HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN_PATH"],
]);

/** Keys of servers and tokens of clusters, as configs name their variables: no program loads code because of one. */
const KEY_NAME = /^[A-Z][A-Z0-9_]{0,80}_(API_KEY|AUTH_TOKEN)$/;

/** Lists of folders. Of these, only absolute ones are kept: an empty entry means the working directory. */
const LIST_NAMES = new Set(["PATH", "LD_LIBRARY_PATH"]);

/**
 * Environment of a process that we start: the variables it needs, and nothing that makes it load somebody else's code.
 *
 * It has no prototype: Node passes on inherited properties, too.
 *
 * @param env - The environment of this process.
 * @param platform - As Node names it; on Windows, names are the same in any case.
 */
export function childEnvironment(env: Environment, platform: string): Record<string, string> {
  const kept = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(env)) {
    const allowed = value === undefined ? undefined : allowedValue(name, value, platform);
    if (allowed !== undefined) kept[name] = allowed;
  }
  return kept;
}

/** Folders of a list such as PATH that are absolute and on this machine. */
export function localFolders(list: string, platform: string): readonly string[] {
  const entries =
    platform === "win32" ? list.split(";").map((entry) => entry.replace(/^"(.*)"$/, "$1")) : list.split(":");
  return entries.filter((entry) => isLocalPath(entry, platform));
}

/**
 * True if a path is absolute and on this machine. On Windows, looking at `\\server\share` connects to that server and
 * sends it proof of the user's password.
 */
export function isLocalPath(path: string, platform: string): boolean {
  return platform === "win32" ? /^[A-Za-z]:[\\/]/.test(path) : path.startsWith("/");
}

/**
 * True if a path that a file names is on another machine, and not where the file itself is, which the user has opened.
 *
 * @param path - Absolute.
 * @param file - Absolute.
 */
export function isOnOtherMachine(path: string, file: string, platform: string): boolean {
  return !isLocalPath(path, platform) && shareOf(path) !== shareOf(file);
}

/** On Windows, `\\server\share`. */
function shareOf(path: string): string {
  return path.replaceAll("/", "\\").split("\\").slice(0, 4).join("\\").toLowerCase();
}

function allowedValue(given: string, value: string, platform: string): string | undefined {
  const name = platform === "win32" ? given.toUpperCase() : given;
  if (NAMES.has(name) || name.startsWith("LC_") || KEY_NAME.test(name)) return value;
  if (name === CUBLAS_VARIABLE && value === CUBLAS_OFF) return value;
  if (PATH_NAMES.has(name)) return isLocalPath(value, platform) ? value : undefined;
  if (!LIST_NAMES.has(name)) return undefined;
  const folders = localFolders(value, platform);
  return folders.length === 0 ? undefined : folders.join(platform === "win32" ? ";" : ":");
}
