import { once } from "node:events";
import { open } from "node:fs/promises";
import { t } from "../localize.ts";
import { ServiceError } from "./errors.ts";
import { LEAST_NODE, type Runtime, nodeRemedy } from "./runtime.ts";
import { startNode } from "./startNode.ts";

/** Milliseconds that `node --version` may take. */
const VERSION_TIMEOUT_MS = 10_000;
/** Characters after which nothing more is kept of what calls itself a Node. */
const LONGEST_VERSION = 100;

/** Explains why the system refused to start Node. */
export function spawnFailure(error: NodeJS.ErrnoException, { node, isOwnNode }: Runtime): ServiceError {
  const { code = "", errno } = error;
  const failure = (what: string, remedy: string): ServiceError =>
    new ServiceError(`${what}. ${remedy}`, "unusable", { cause: error });
  const isForeign = ["ENOEXEC", "EBADARCH", "UNKNOWN"].includes(code) || errno === DARWIN_BADARCH;
  if (isForeign) return foreign({ node, isOwnNode });
  // The file existed when it was looked up, so its dynamic loader is the missing file, as on Alpine.
  if (code === "ENOENT") {
    return failure(t("The Node at {0} needs a system library that is not here", node), nodeRemedy(isOwnNode));
  }
  if (code === "EACCES" || code === "EPERM") {
    const remedy = t("Make it executable, on a file system that is not mounted noexec");
    return failure(t("The system refuses to execute {0}", node), remedy);
  }
  if (code === "ENOSPC") return diskFull(error);
  if (code === "ENOMEM" || code === "EAGAIN" || code === "EMFILE" || code === "ENFILE") {
    const remedy = t("Close other programs, then try again");
    const what = t("The system has no room for another process ({0})", code);
    return new ServiceError(`${what}. ${remedy}`, "gone", { cause: error });
  }
  return failure(t("The engine does not start: {0}", error.message), nodeRemedy(isOwnNode));
}

/** macOS's error number for a wrong architecture, which Node has no name for. */
const DARWIN_BADARCH = -86;

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines of its standard error. */
  readonly words: string;
}

/** Explains an exit before the handshake, which mostly means that this Node cannot run the engine. */
export async function startFailure(ending: Ending, runtime: Runtime): Promise<ServiceError> {
  if (isDiskFull(ending.words)) return diskFull();
  const version = await nodeVersion(runtime);
  if (version !== undefined && !isRecent(version)) return tooOld(version, runtime);
  const what = t("The engine ended as it started ({0})", endingText(ending));
  if (version === undefined) {
    // Where the system cannot execute a file, it may try it as a shell script instead of saying so.
    if (await isExecutableOfSomeSystem(runtime.node)) return foreign(runtime);
    const notNode = t("{0} does not report a version as Node does", runtime.node);
    return new ServiceError(`${what}; ${notNode}. ${nodeRemedy(runtime.isOwnNode)}`, "unusable");
  }
  return new ServiceError(`${what}${lastWords(ending)}`, "gone");
}

/** A service that worked and died. */
export function deathFailure(ending: Ending): ServiceError {
  if (isDiskFull(ending.words)) return diskFull();
  const what = t("The engine service ended unexpectedly ({0})", endingText(ending));
  return new ServiceError(`${what}${lastWords(ending)}`, "gone");
}

/** A Node that the engine does not run on. */
export function tooOld(version: string, { node, isOwnNode }: Runtime): ServiceError {
  const what = t("The engine needs Node {0} or newer, and {1} is {2}", LEAST_NODE, node, version);
  return new ServiceError(`${what}. ${nodeRemedy(isOwnNode)}`, "unusable");
}

/** True if a version such as "v24.21.0" is new enough. */
export function isRecent(version: string): boolean {
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? 0) >= LEAST_NODE;
}

/** An extension and an engine of different versions. */
export function mismatch(ours: number, theirs: number | string): ServiceError {
  const what = t("This extension speaks version {0} of the engine's protocol, and the engine {1}", ours, theirs);
  return new ServiceError(`${what}. ${t("Install the extension again, then reload the window")}`, "unusable");
}

function foreign({ node, isOwnNode }: Pick<Runtime, "node" | "isOwnNode">): ServiceError {
  const what = t("The Node at {0} was made for another processor or system than {1}", node, here());
  return new ServiceError(`${what}. ${nodeRemedy(isOwnNode)}`, "unusable");
}

/** How executables begin: ELF, Mach-O of both widths and of several processors, Windows. */
const MAGIC = ["7f454c46", "cffaedfe", "cefaedfe", "cafebabe", "4d5a"];

async function isExecutableOfSomeSystem(file: string): Promise<boolean> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const start = buffer.toString("hex", 0, bytesRead);
    return MAGIC.some((magic) => start.startsWith(magic));
  } finally {
    await handle.close();
  }
}

function diskFull(cause?: Error): ServiceError {
  const message = t("The disk is full. Free some space, then try again");
  return new ServiceError(message, "gone", cause === undefined ? {} : { cause });
}

function isDiskFull(words: string): boolean {
  return /\bENOSPC\b|disk is full/.test(words);
}

function endingText({ code, signal }: Ending): string {
  return signal ?? t("exit code {0}", code ?? -1);
}

/** The line that says most: Node prints the error, then its stack, then its own version. */
function lastWords({ words }: Ending): string {
  const lines = words.split("\n").map((line) => line.trim());
  const told = lines.filter((line) => line !== "" && !/^(at |Node\.js v|\^|\}|throw )/.test(line));
  const last = told.findLast((line) => /^(Uncaught )?\w*Error\b/.test(line)) ?? told.at(-1);
  return last === undefined ? "" : `: ${last}`;
}

function here(): string {
  return `${process.platform}-${process.arch}`;
}

async function nodeVersion(runtime: Runtime): Promise<string | undefined> {
  const child = startNode(runtime, ["--version"]);
  const timer = setTimeout(() => child.kill("SIGKILL"), VERSION_TIMEOUT_MS);
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (printed.length < LONGEST_VERSION) printed += text;
  });
  child.stderr.resume();
  try {
    const [code] = (await once(child, "close")) as [number | null];
    const version = printed.trim();
    return code === 0 && /^v\d+\./.test(version) ? version : undefined;
  } catch {
    return undefined; // the system does not start it
  } finally {
    clearTimeout(timer);
  }
}
