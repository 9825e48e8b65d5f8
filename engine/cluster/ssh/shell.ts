/** First line of the program on a host, after whatever its shell prints. */
export const AGENT_READY = "salsa-agent";
/** The same where the program is not there yet; lines about the machine follow. */
export const AGENT_LACKS = "salsa-lacks";
/** Last line when a program has been taken. */
export const PROGRAM_TAKEN = "salsa-took";

/** Age of an unfinished copy that nobody works at any more, in minutes. */
const LEFT_MINUTES = 120;
/** Days after which a program that nobody has begun is removed: each release is another one. */
const UNUSED_DAYS = 60;

/**
 * The command for a host that begins the program of a digest, or says what the machine is where it is not there.
 *
 * A user's shell may be any: what it sees is one word in single quotes, without any in it.
 */
export function agentCommand(digest: string): string {
  return quoted(
    `p="$HOME/.salsa/programs/${checked(digest)}"`,
    `if test -x "$p/node"; then touch "$p"; exec "$p/node" "$p/dist/engine/hostAgent.js"; fi`,
    `echo ${AGENT_LACKS}`,
    "uname -s",
    "uname -m",
    "getconf GNU_LIBC_VERSION 2>/dev/null || echo none",
    `df -Pk "$HOME" | tail -n 1`,
  );
}

/** The command that unpacks a program from its standard input; it gets its name once it is whole. */
export function takeCommand(digest: string): string {
  return quoted(
    "set -e",
    "LC_ALL=C",
    "export LC_ALL",
    "umask 077",
    `d="$HOME/.salsa/programs"`,
    `mkdir -p "$d"`,
    `find "$d" -maxdepth 1 -name ".part-*" -mmin +${LEFT_MINUTES} -exec rm -rf {} + || true`,
    `find "$d" -mindepth 1 -maxdepth 1 -mtime +${UNUSED_DAYS} -exec rm -rf {} + || true`,
    `t="$d/.part-${checked(digest)}-$$"`,
    `clean() { cd /; rm -rf "$t"; }`,
    "trap clean EXIT",
    `mkdir "$t"`,
    `cd "$t"`,
    "tar -xzf -",
    "chmod 700 node",
    "./node --version >/dev/null",
    "cd /",
    `test -e "$d/${digest}" || mv "$t" "$d/${digest}"`,
    `echo ${PROGRAM_TAKEN}`,
  );
}

/** The machine of a host, as far as it matters whether the program runs there. */
export interface HostMachine {
  readonly system: string;
  readonly processor: string;
  /** "glibc 2.36"; "none" where there is another C library. */
  readonly libc: string;
  readonly freeBytes: number | undefined;
}

/** Reads what {@link agentCommand} prints where the program is not there. */
export function machineOf(lines: readonly string[]): HostMachine {
  const [system = "", processor = "", libc = "none", disk = ""] = lines;
  const kibibytes = Number(/\s(\d+)\s+\d+%\s/.exec(disk)?.[1] ?? NaN);
  return { system, processor, libc, freeBytes: Number.isNaN(kibibytes) ? undefined : kibibytes * 1024 };
}

/** Names of processors by Node's. */
const PROCESSORS: Readonly<Record<string, readonly string[]>> = {
  x64: ["x86_64", "amd64"],
  arm64: ["aarch64", "arm64"],
};
/** The oldest C library that Node's builds run on. */
const [LIBC_MAJOR, LIBC_MINOR] = [2, 28];

/** The reason why a machine cannot run the Node of this one; undefined where it can. @param arch - Of this Node. */
export function misfitOf({ system, processor, libc }: HostMachine, arch: string): string | undefined {
  if (system !== "Linux")
    return `it runs ${system === "" ? "an unknown system" : system}, and the program is for Linux`;
  if (PROCESSORS[arch]?.includes(processor) !== true)
    return `its processor is ${processor}, and the program's is ${arch}`;
  const [, major = 0, minor = 0] = /^glibc (\d+)\.(\d+)/.exec(libc)?.map(Number) ?? [];
  const isNew = major > LIBC_MAJOR || (major === LIBC_MAJOR && minor >= LIBC_MINOR);
  if (isNew) return undefined;
  return `its C library is ${libc === "none" ? "not glibc" : libc}, and the program needs glibc ${LIBC_MAJOR}.${LIBC_MINOR}`;
}

function quoted(...lines: readonly string[]): string {
  return `sh -c '${lines.join("; ")}'`;
}

function checked(digest: string): string {
  if (!/^[0-9a-f]{32}$/.test(digest)) throw new RangeError(`ssh: ${digest} is no digest`);
  return digest;
}
