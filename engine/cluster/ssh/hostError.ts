import { lastLine } from "../../common/lastLine.ts";

/** Kind of a failure with a host, for those who act on it. */
export type HostFault =
  /** There is no ssh on this machine. */
  | "noSsh"
  /** Nothing answers there, or the connection has been lost; it may come again. */
  | "lost"
  /** Its name, its key or the user's is not accepted. */
  | "refused"
  /** It cannot run this program: another system, no room, no permission, another time. */
  | "unfit";

/** A machine that a run cannot be made on by ssh; the message says which, what is wrong and what to do. */
export class HostError extends Error {
  override readonly name = "HostError";
  readonly fault: HostFault;
  constructor(
    what: string,
    { host, fault, remedy }: { readonly host: string; readonly fault: HostFault; readonly remedy: string },
    options?: ErrorOptions,
  ) {
    super(`${host}: ${what}; ${remedy}`, options);
    this.fault = fault;
  }
}

/** ssh's own exit code when it has not come through, or the connection broke. */
const SSH_FAILED = 255;

type Wording = readonly [sign: RegExp, fault: HostFault, what: string, remedy: (host: string) => string];

/** Signs in the words of ssh itself. */
const CONNECTION: readonly Wording[] = [
  [
    /could not resolve hostname|name or service not known|no address associated/i,
    "refused",
    "ssh knows no such host",
    () => "correct the name, or add a Host entry to ~/.ssh/config",
  ],
  [
    /remote host identification has changed/i,
    "refused",
    "its key is another one than before, so it may be another machine",
    (host) => `find out why; if it was set up again, ssh-keygen -R its address and connect once with: ssh ${host}`,
  ],
  [
    /host key verification failed|no .* host key is known/i,
    "refused",
    "its key is not trusted yet",
    (host) => `connect once in a terminal and compare the fingerprint: ssh ${host}`,
  ],
  [
    /permission denied|too many authentication failures|no supported authentication/i,
    "refused",
    "it takes no key that ssh has, and passwords are neither asked for nor kept here",
    (host) => `set up a key with ssh-copy-id ${host}, or add yours to the agent with ssh-add`,
  ],
  [
    /bad configuration option|terminating, .* bad configuration|bad owner or permissions/i,
    "refused",
    "ssh does not take its config",
    (host) => `correct ~/.ssh/config until this works in a terminal: ssh ${host}`,
  ],
];

/** Signs in the words of the host's own programs. */
const COMMANDS: readonly Wording[] = [
  [
    /no space left|disk quota/i,
    "unfit",
    "its disk is full",
    () => "free 1 GB there, or make ~/.salsa a link to another disk",
  ],
  [
    /permission denied|read-only file system|operation not permitted/i,
    "unfit",
    "~/.salsa may not be written there",
    () => "give your account a home folder there that it may write to",
  ],
  [
    /exec format error|cannot execute/i,
    "unfit",
    "the program does not run there",
    () => "use a host like this machine",
  ],
  [/not found/i, "unfit", "it lacks a program that every Linux has", () => "install sh, tar, gzip and coreutils there"],
];

/** The error of an ssh that has ended, from its exit code and the words on its standard error. */
export function sshError(host: string, code: number | null, words: string): HostError {
  const isSsh = code === SSH_FAILED || code === null;
  const known = (isSsh ? CONNECTION : COMMANDS).find(([sign]) => sign.test(words));
  if (known !== undefined) {
    const [, fault, what, remedy] = known;
    return new HostError(what, { host, fault, remedy: remedy(host) });
  }
  const last = lastLine(words);
  if (isSsh) {
    const what = last === "" ? "the connection was lost" : `the connection does not come about (${last})`;
    return new HostError(what, { host, fault: "lost", remedy: `does this work in a terminal? ssh ${host}` });
  }
  const what = `the program ended with ${code}${last === "" ? "" : ` (${last})`}`;
  return new HostError(what, { host, fault: "unfit", remedy: "look at the machine, and try again" });
}
