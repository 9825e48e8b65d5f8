import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
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

/** A real Ray cluster on loopback, with ports of its own and everything below one temporary folder. */
export class RayHead {
  readonly address: string;
  private readonly folder: string;
  private readonly process: ChildProcess;

  private constructor(address: string, folder: string, process: ChildProcess) {
    this.address = address;
    this.folder = folder;
    this.process = process;
  }

  /** @param bin - Folder of Ray's programs. */
  static async start(bin: string, { cpus, gpus, token, env }: HeadSettings): Promise<RayHead> {
    // Sockets in it must have short paths.
    const folder = mkdtempSync(join(tmpdir(), "ray-"));
    const [gcs, dashboard, client, agent, grpc, metrics] = await freePorts(6);
    const args = [
      ...["start", "--head", "--block", "--disable-usage-stats", `--num-cpus=${cpus}`, `--num-gpus=${gpus}`],
      ...["--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1", `--temp-dir=${folder}`],
      ...[`--port=${gcs}`, `--dashboard-port=${dashboard}`, `--ray-client-server-port=${client}`],
      ...[`--dashboard-agent-listen-port=${agent}`, `--dashboard-agent-grpc-port=${grpc}`],
      ...[`--metrics-export-port=${metrics}`, "--object-store-memory=100000000"],
    ];
    const started = spawn(join(bin, "ray"), args, {
      // A process group of its own, so that all of it can be ended.
      detached: true,
      stdio: "ignore",
      env: { ...process.env, ...env, RAY_AUTH_MODE: "token", RAY_AUTH_TOKEN: token },
    });
    const head = new RayHead(`http://127.0.0.1:${dashboard}`, folder, started);
    try {
      await head.answers(token);
    } catch (error) {
      await head.stop();
      throw error;
    }
    return head;
  }

  /** Ends all of its processes: they are those whose command names the folder, and their children. */
  async stop(): Promise<void> {
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
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  private async answers(token: string): Promise<void> {
    const until = Date.now() + START_MS;
    while (!(await hasNode(this.address, token))) {
      if (this.process.exitCode !== null) throw new Error(`ray start has ended with ${this.process.exitCode}`);
      if (Date.now() > until) throw new Error("Ray does not answer");
      await setTimeout(200);
    }
  }

  private processes(): readonly number[] {
    const table = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8", maxBuffer: 2 ** 26 });
    const rows = table.split("\n").map((line) => /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line));
    const found = new Set<number>(this.process.pid === undefined ? [] : [this.process.pid]);
    for (const row of rows) if (row?.[3]?.includes(this.folder) === true) found.add(Number(row[1]));
    // Programs of jobs are children of theirs.
    for (let before = 0; before !== found.size;) {
      before = found.size;
      for (const row of rows) if (row !== null && found.has(Number(row[2]))) found.add(Number(row[1]));
    }
    return [...found].filter((pid) => pid !== process.pid);
  }
}

/** True once the cluster has a machine. */
async function hasNode(address: string, token: string): Promise<boolean> {
  const client = new RayClient({ address, tokenEnv: "TOKEN", env: { TOKEN: token } });
  try {
    return (await client.nodes()).length > 0;
  } catch {
    return false; // it does not answer yet
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
