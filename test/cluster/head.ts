import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { RayClient } from "../../engine/cluster/ray/client.ts";

/** How a cluster is started. */
export interface HeadSettings {
  readonly cpus: number;
  /** Logical ones. */
  readonly gpus: number;
  /** Requests must bring it. */
  readonly token: string;
  /** Further variables of its jobs. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Milliseconds that a head has to answer: it takes some 10 s on a quiet machine. */
const START_MS = 120_000;
/** Times that it is tried. */
const MOST_STARTS = 3;

/** Cores and logical cards of a machine that joins. */
export interface MachineSettings {
  readonly cpus: number;
  readonly gpus: number;
  /** Of loopback, and nobody else's: 127.0.0.2. */
  readonly address: string;
}

/** A real Ray cluster on loopback, with ports of its own and everything below one temporary folder. */
export class RayHead {
  readonly address: string;
  private readonly bin: string;
  private readonly folder: string;
  private readonly settings: HeadSettings;
  private readonly ports: readonly number[];
  private readonly machines: Machine[] = [];

  private constructor(bin: string, settings: HeadSettings, ports: readonly number[]) {
    this.bin = bin;
    // Sockets in it must have short paths.
    this.folder = mkdtempSync(join(tmpdir(), "ray-"));
    this.settings = settings;
    this.ports = ports;
    this.address = `http://127.0.0.1:${ports[1]}`;
  }

  /** @param bin - Folder of Ray's programs. */
  static async start(bin: string, settings: HeadSettings): Promise<RayHead> {
    const head = new RayHead(bin, settings, await freePorts(6));
    await head.begin();
    return head;
  }

  /**
   * Kills the machine of the head at once, with all that runs there, and starts it again where it was. Without a Redis of its
   * own it knows nothing of before, and machines that had joined are not taken back.
   * @param within - Command that starts the following one: in a file system of its own, as an example.
   */
  async restart(within: readonly string[] = []): Promise<void> {
    await this.crash();
    await this.begin(within);
  }

  /** Kills the machine of the head at once, with all that runs there. */
  async crash(): Promise<void> {
    await this.machines.shift()?.kill();
  }

  /** Process of the head, whose file system jobs see that are placed there. */
  get pid(): number {
    return this.machines[0]?.pid ?? 0;
  }

  /** Adds a machine. */
  async join({ cpus, gpus, address }: MachineSettings): Promise<Machine> {
    const [agent, grpc, metrics] = await freePorts(3);
    const args = [
      ...[`--address=127.0.0.1:${this.ports[0]}`, `--num-cpus=${cpus}`, `--num-gpus=${gpus}`],
      ...[`--node-ip-address=${address}`, `--dashboard-agent-listen-port=${agent}`],
      ...[`--dashboard-agent-grpc-port=${grpc}`, `--metrics-export-port=${metrics}`],
    ];
    const folder = join(this.folder, `m${this.machines.length}`);
    return this.started(this.machines.length + 1, () => this.machine(folder, args));
  }

  /** Ends all of its processes. */
  async stop(): Promise<void> {
    for (const machine of this.machines) await machine.kill();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  private async begin(within: readonly string[] = []): Promise<void> {
    const { cpus, gpus } = this.settings;
    const [gcs, dashboard, client, agent, grpc, metrics] = this.ports;
    const args = [
      ...["--head", `--num-cpus=${cpus}`, `--num-gpus=${gpus}`],
      ...["--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1"],
      ...[`--port=${gcs}`, `--dashboard-port=${dashboard}`, `--ray-client-server-port=${client}`],
      ...[`--dashboard-agent-listen-port=${agent}`, `--dashboard-agent-grpc-port=${grpc}`],
      `--metrics-export-port=${metrics}`,
    ];
    try {
      await this.started(1, () => this.machine(join(this.folder, "h"), args, within));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** A machine that is started again where Ray was too slow for its own deadline of 30 s, as on a busy machine. */
  private async started(count: number, start: () => Machine): Promise<Machine> {
    for (let left = MOST_STARTS; ; left--) {
      const machine = start();
      try {
        await this.has(count, machine);
        return machine;
      } catch (error) {
        await machine.kill();
        if (left === 1 || !machine.output().includes("timed out during startup")) throw error;
        this.machines.splice(this.machines.indexOf(machine), 1);
      }
    }
  }

  private machine(folder: string, args: readonly string[], within: readonly string[] = []): Machine {
    const { env, token } = this.settings;
    const common = ["--block", "--disable-usage-stats", `--temp-dir=${folder}`, "--object-store-memory=100000000"];
    const [program = "", ...rest] = [...within, join(this.bin, "ray"), "start", ...args, ...common];
    const log = openSync(`${folder}.log`, "a");
    const started = spawn(program, rest, {
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...env, RAY_AUTH_MODE: "token", RAY_AUTH_TOKEN: token },
    });
    closeSync(log);
    const machine = new Machine(folder, started);
    if (args.includes("--head")) this.machines.unshift(machine);
    else this.machines.push(machine);
    return machine;
  }

  /** Waits for the cluster to have so many machines. */
  private async has(count: number, newest: Machine): Promise<void> {
    const until = Date.now() + START_MS;
    while ((await countNodes(this.address, this.settings.token)) < count) {
      if (newest.exitCode !== null) throw new Error(`ray start has ended with ${newest.exitCode}:\n${newest.output()}`);
      if (Date.now() > until) throw new Error("Ray does not answer");
      await setTimeout(200);
    }
  }
}

/** A machine of a cluster: Ray's processes below a folder, and those that they have started. */
class Machine {
  private readonly folder: string;
  private readonly process: ChildProcess;

  constructor(folder: string, process: ChildProcess) {
    this.folder = folder;
    this.process = process;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Of `ray start`, once it has ended. */
  get exitCode(): number | null {
    return this.process.exitCode;
  }

  /** The end of what `ray start` has said. */
  output(): string {
    return readFileSync(`${this.folder}.log`, "utf8").slice(-2000);
  }

  /** True if a process runs on it. */
  runs(pid: number): boolean {
    return this.processes().includes(pid);
  }

  /** Kills all that runs on it at once. */
  async kill(): Promise<void> {
    for (const pid of this.processes()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        continue; // it has ended meanwhile
      }
    }
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGKILL");
      await once(this.process, "exit");
    }
  }

  /** They are those whose command names the folder, and their children. */
  private processes(): readonly number[] {
    const table = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8", maxBuffer: 2 ** 26 });
    const rows = table.split("\n").map((line) => /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line));
    const found = new Set<number>(this.process.pid === undefined ? [] : [this.process.pid]);
    for (const row of rows) if (row?.[3]?.includes(`${this.folder}/`) === true) found.add(Number(row[1]));
    // Programs of jobs are children of theirs.
    for (let before = 0; before !== found.size;) {
      before = found.size;
      for (const row of rows) if (row !== null && found.has(Number(row[2]))) found.add(Number(row[1]));
    }
    return [...found].filter((pid) => pid !== process.pid);
  }
}

/** Living machines of a cluster; 0 while it does not answer. */
async function countNodes(address: string, token: string): Promise<number> {
  const client = new RayClient({ address, tokenEnv: "TOKEN", env: { TOKEN: token } });
  try {
    return (await client.nodes()).length;
  } catch {
    return 0; // it does not answer yet
  } finally {
    client.close();
  }
}

/** Ports that are free now, all different. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
