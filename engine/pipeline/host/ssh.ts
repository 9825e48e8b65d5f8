import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { homedir, tmpdir } from "node:os";
import type { Readable, Writable } from "node:stream";
import { HostError, sshError } from "../../cluster/ssh/hostError.ts";
import { childEnvironment, isLocalPath } from "../../common/childEnvironment.ts";
import { findProgram } from "../programs.ts";
import { checkHostName } from "./checkHostable.ts";

/** Bytes of ssh's own words that are kept. */
const MOST_WORDS = 16_384;

/**
 * Put over the user's config: nothing is asked for, a connection that is dead is noticed within a minute, and nothing but
 * the command goes through it.
 */
const OPTIONS = [
  ...["BatchMode=yes", "ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=4", "RequestTTY=no"],
  ...["ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no", "PermitLocalCommand=no", "RemoteCommand=none"],
] as const;

/** Further variables that ssh needs; keys and tokens stay behind, also where a config would send them. */
const VARIABLES = ["SSH_AUTH_SOCK", "KRB5CCNAME"] as const;
const SECRET = /_(API_KEY|AUTH_TOKEN)$|^(HF_|HUGGING)/;

/** A command at work on a host. */
export interface HostProcess {
  readonly input: Writable;
  readonly output: Readable;
  /** The error that says how it ended, once it has. */
  readonly ended: Promise<HostError>;
  /** Ends ssh, and thereby the connection. */
  kill(): void;
}

/** Where ssh is looked for, and who is asked for. */
export interface SshSettings {
  readonly host: string;
  /** Folder of the config, whose programs are not run. */
  readonly workspace: string;
}

/**
 * Runs a command on a host, by the user's own ssh and its config. The command is for the user's shell there, and quoted.
 * @throws {HostError} when there is no ssh, or the name is none.
 */
export async function openSsh({ host, workspace }: SshSettings, command: string): Promise<HostProcess> {
  checkHostName(host);
  const program = await findProgram("ssh", workspace);
  if (program === undefined) {
    const remedy = "install OpenSSH's client (openssh-client), or add its folder to PATH";
    throw new HostError("there is no ssh on this machine", { host, fault: "noSsh", remedy });
  }
  const args = ["-T", ...OPTIONS.flatMap((option) => ["-o", option]), "--", host, command];
  const child = spawn(program, args, {
    ...{ cwd: tmpdir(), env: sshEnvironment(process.env), shell: false, windowsHide: true },
    stdio: ["pipe", "pipe", "pipe"],
  });
  return {
    input: child.stdin,
    output: child.stdout,
    ended: endOf(child, host),
    kill: () => void child.kill("SIGTERM"),
  };
}

function sshEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = childEnvironment(env, process.platform);
  for (const name of Object.keys(kept)) if (SECRET.test(name)) Reflect.deleteProperty(kept, name);
  for (const name of VARIABLES) {
    const value = env[name];
    if (value !== undefined && isLocalPath(value.replace(/^FILE:/, ""), process.platform)) kept[name] = value;
  }
  kept["HOME"] ??= homedir();
  return kept;
}

async function endOf(child: ChildProcessByStdio<Writable, Readable, Readable>, host: string): Promise<HostError> {
  let words = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => (words = (words + text).slice(-MOST_WORDS)));
  // A connection that breaks shows in the command's end; nobody else listens for it.
  child.stdin.on("error", () => undefined);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return sshError(host, code, words);
  } catch (cause) {
    const remedy = "does ssh work in a terminal?";
    return new HostError("ssh does not start", { host, fault: "noSsh", remedy }, { cause });
  }
}
