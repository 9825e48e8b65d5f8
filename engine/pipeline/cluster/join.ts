import type { RayNode } from "../../cluster/ray/client.ts";
import { AUTO, type BackendChoice } from "../../compute/backends/choose.ts";
import type { RuntimeConfig } from "../../config/index.ts";
import { formatBytes } from "../../common/format.ts";
import { Stopped } from "../stage.ts";
import { Cluster } from "./cluster.ts";
import { type WorkerFacts, type WorkerQuestion, choiceOf } from "./workerCheck.ts";

/** Milliseconds by which clocks may differ: signs of life of who works at a stage are dated by them. */
export const MOST_SKEW_MS = 30_000;

/** A cluster that a run computes on. */
export interface JoinedCluster {
  readonly cluster: Cluster;
  /** Its living machines. */
  readonly nodes: readonly RayNode[];
  /** The backend of its machines. */
  readonly choice: BackendChoice;
  /** Memory of a machine, in bytes. */
  readonly memoryBytes: number;
}

/** How a cluster is joined. */
export interface JoinSettings {
  readonly runtime: RuntimeConfig & { readonly cluster: NonNullable<RuntimeConfig["cluster"]> };
  /** The folder of runs and artifacts as this machine sees it: `.salsa`. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of this user's on this machine, where runs of other folders take turns to ask, too. */
  readonly machineFolder?: string | undefined;
  readonly signal: AbortSignal;
  /** Called with sentences on what is being done. */
  readonly note: (message: string) => void;
  /** Called with what is waited for, at first before anything is asked. */
  readonly waiting: (server: string, reason: string) => void;
  /** Looks at what can be known before the cluster is asked for anything. */
  readonly lookAhead: () => Promise<void>;
}

/**
 * Joins a cluster: sends it the program, and has one of its machines say what it computes with, by the shared folder. So
 * a cluster that could not make a stage is refused before any is ordered.
 *
 * @throws {ClusterError} {BackendUnavailableError}
 * @throws {Stopped} when the run is stopped meanwhile.
 */
export async function joinCluster(settings: JoinSettings): Promise<JoinedCluster> {
  const { runtime, root, env, machineFolder, signal, note, waiting, lookAhead } = settings;
  const cluster = new Cluster({ root, config: runtime.cluster, env, machineFolder });
  const { server } = cluster.client;
  try {
    waiting(server, `connecting to ${server}`);
    await lookAhead();
    const version = await cluster.client.version(signal);
    const nodes = await cluster.client.nodes(signal);
    note(`Ray ${version} at ${server}: ${machinesText(nodes)}`);
    await cluster.program(signal, (bytes) => note(`sending the program, ${formatBytes(bytes)}, once`));
    const asked = Date.now();
    const facts = await cluster.ask(questionOf(runtime), signal, (reason) =>
      waiting(server, `a job waits on the cluster: ${reason}`),
    );
    const skew = skewOf(facts, { asked, answered: Date.now() });
    if (Math.abs(skew) > MOST_SKEW_MS) {
      const remedy = "set both clocks by NTP: signs of life of who works at a stage are dated by them";
      throw cluster.client.error(`${facts.host} has another time, ${skewText(skew)}`, "worker", remedy);
    }
    return { cluster, nodes, choice: await choiceOf(facts, runtime.backend === AUTO), memoryBytes: facts.memoryBytes };
  } catch (error) {
    await cluster.close();
    if (signal.aborted && error === signal.reason) throw new Stopped("stopped before anything was ordered");
    throw error;
  }
}

/** The question to a machine before a run begins. */
export function questionOf({ backend, precision, threads, cluster }: JoinSettings["runtime"]): WorkerQuestion {
  return { backend, ...(precision && { precision }), threads: threads || threadsOf(cluster.cpus) };
}

/** Threads of a stage that has so many cores. */
export function threadsOf(cpus: number): number {
  return Math.max(1, Math.floor(cpus));
}

/** Milliseconds by which a machine's clock is ahead of this one's; 0 where it answered within the time that passed here. */
export function skewOf(
  { time }: Pick<WorkerFacts, "time">,
  { asked, answered }: { readonly asked: number; readonly answered: number },
): number {
  return time < asked ? time - asked : Math.max(0, time - answered);
}

/** "3 min ahead". */
export function skewText(skew: number): string {
  const seconds = Math.round(Math.abs(skew) / 1000);
  return `${seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`} ${skew < 0 ? "behind" : "ahead"}`;
}

/** "3 machines with 16 GPUs and 96 CPUs". */
export function machinesText(nodes: readonly RayNode[]): string {
  const [cpus, gpus] = nodes.reduce(([c, g], node) => [c + node.cpus, g + node.gpus], [0, 0]);
  const count = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? "" : "s"}`;
  return `${count(nodes.length, "machine")} with ${count(gpus, "GPU")} and ${count(cpus, "CPU")}`;
}
