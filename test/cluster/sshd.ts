import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { clockAhead } from "./clock.ts";

const SSHD = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/libexec/sshd"].find(existsSync);
const SSH = "/usr/bin/ssh";
const START_MS = 30_000;

/** Why there is no sshd to test with; undefined where there is one. */
export const LACK = SSHD === undefined || !existsSync(SSH) ? "there is no OpenSSH server and client" : undefined;

/**
 * A real sshd on loopback, run by this user, on a port of its own, with a home folder of its own for those who log in. Its
 * client is the real ssh, in front of PATH by a script that names a config of its own: ssh asks the system where its user's is.
 */
export class Sshd {
  /** Of the remote machine. */
  readonly home: string;
  /** The name by which the config knows it. */
  readonly host = "desk";
  private readonly folder: string;
  private readonly server: ChildProcess;
  private readonly path: string | undefined;

  private constructor(folder: string, server: ChildProcess) {
    this.folder = folder;
    this.home = join(folder, "home");
    this.server = server;
    this.path = process.env["PATH"];
    process.env["PATH"] = `${join(folder, "bin")}${delimiter}${this.path ?? ""}`;
  }

  static async start(): Promise<Sshd> {
    const folder = mkdtempSync(join(tmpdir(), "salsa-sshd-"));
    const at = (name: string): string => join(folder, name);
    for (const name of ["home", "bin", "rt"]) mkdirSync(at(name), { mode: 0o700 });
    for (const key of ["host_key", "key", "other_key"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(key)]);
    }
    const publicKey = execFileSync("cat", [at("key.pub")], { encoding: "utf8" });
    const hostKey = execFileSync("cat", [at("host_key.pub")], { encoding: "utf8" });
    writeFileSync(at("authorized_keys"), publicKey, { mode: 0o600 });
    const port = await freePort();
    writeFileSync(at("sshd_config"), serverConfig(at, port));
    writeFileSync(at("known_hosts"), `[127.0.0.1]:${port} ${hostKey}`);
    writeFileSync(at("no_hosts"), "");
    writeFileSync(at("config"), clientConfig(at, port), { mode: 0o600 });
    writeFileSync(at("bin/ssh"), `#!/bin/sh\nexec ${SSH} -F ${at("config")} "$@"\n`);
    chmodSync(at("bin/ssh"), 0o755);
    // Of the system, where sshd is root's.
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
    const server = spawn(SSHD ?? "sshd", ["-D", "-e", "-f", at("sshd_config")], { stdio: "ignore" });
    const sshd = new Sshd(folder, server);
    try {
      await sshd.answers(port);
    } catch (error) {
      await sshd.stop();
      throw error;
    }
    return sshd;
  }

  /** The folder of runs on the remote machine. */
  get root(): string {
    return join(this.home, ".salsa");
  }

  /** Processes of the client: one for each connection. */
  clients(): readonly number[] {
    return this.processes(new RegExp(`^${SSH} -F ${this.folder}`));
  }

  /** Ends the server, its sessions, and whatever was begun there. */
  async stop(): Promise<void> {
    process.env["PATH"] = this.path;
    // Programs there are run by the Node in its home; the server's sessions are its children.
    for (const pid of this.processes(new RegExp(this.folder))) end(pid);
    if (this.server.exitCode === null && this.server.signalCode === null) {
      this.server.kill("SIGKILL");
      await once(this.server, "exit");
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  private processes(command: RegExp): readonly number[] {
    const table = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8", maxBuffer: 2 ** 26 });
    const rows = table.split("\n").map((line) => /^\s*(\d+)\s(.*)$/.exec(line));
    const found = rows.filter((row) => row !== null && command.test(row[2] ?? "")).map((row) => Number(row?.[1]));
    return found.filter((pid) => pid !== process.pid);
  }

  private async answers(port: number): Promise<void> {
    for (const until = Date.now() + START_MS; !(await listens(port));) {
      if (this.server.exitCode !== null) throw new Error(`sshd has ended with ${this.server.exitCode}`);
      if (Date.now() > until) throw new Error("sshd does not answer");
      await setTimeout(50);
    }
  }
}

function serverConfig(at: (name: string) => string, port: number): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${at("host_key")}`,
    `PidFile ${at("pid")}`,
    `AuthorizedKeysFile ${at("authorized_keys")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "AcceptEnv NODE_OPTIONS",
    `SetEnv HOME=${at("home")} SALSA_RUNTIME_DIR=${at("rt")}`,
    "",
  ].join("\n");
}

function clientConfig(at: (name: string) => string, port: number): string {
  const desk = ["HostName 127.0.0.1", `Port ${port}`, `User ${userInfo().username}`, "IdentitiesOnly yes"];
  const host = (name: string, key: string, known: string, ...more: readonly string[]): string =>
    [
      `Host ${name}`,
      ...desk,
      `IdentityFile ${at(key)}`,
      `UserKnownHostsFile ${at(known)}`,
      "StrictHostKeyChecking yes",
      ...more,
    ].join("\n  ");
  return [
    host("desk", "key", "known_hosts"),
    host("keyless", "other_key", "known_hosts"),
    host("stranger", "key", "no_hosts"),
    host("gone", "key", "known_hosts", "ProxyCommand /bin/false"),
    host("behind", "key", "known_hosts", `SetEnv NODE_OPTIONS=${clockAhead(-3_600_000)}`),
    "",
  ].join("\n\n");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
