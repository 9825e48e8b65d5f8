import { setTimeout } from "node:timers/promises";
import type { RayNode } from "../../cluster/ray/client.ts";
import { ClusterError } from "../../cluster/ray/clusterError.ts";
import type { Trainer } from "../../cluster/trainer/trainer.ts";
import { FIRST_TRAINER } from "../../cluster/declaredTrainers.ts";
import { TRAINERS } from "../../cluster/trainers.ts";
import type { RuntimeConfig } from "../../config/index.ts";
import { TRAINED_KINDS } from "../../config/trainedKinds.ts";
import { useOf } from "../../config/trainer.ts";
import { DataError } from "../../protocol/errors.ts";
import { formatBytes } from "../../common/format.ts";
import { type ClusterFacts, type MachineKind, MOST_KINDS } from "../../protocol/clusterFacts.ts";
import type { DoctorCheck, DoctorOutput } from "../../protocol/toolOutput.ts";
import { Stopped } from "../stage.ts";
import { Cluster, queueText } from "./cluster.ts";
import { MOST_SKEW_MS, machinesText, questionOf, skewOf, skewText } from "./join.ts";
import type { WorkerFacts } from "./workerCheck.ts";

/** Space that the smallest run needs in the shared folder, in bytes. */
const LEAST_DISK = 2 ** 30;
/** Milliseconds that a machine has to answer: on a busy cluster the job waits. */
const PATIENCE_MS = 2 * 60_000;

/** The cluster to look at. */
export interface LookSettings {
  readonly runtime: RuntimeConfig & { readonly cluster: NonNullable<RuntimeConfig["cluster"]> };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Called before what takes a while, with a line about it. */
  readonly progress: (text: string) => void;
}

/** Findings about a cluster, and what it has. */
export type ClusterLook = Pick<DoctorOutput, "findings" | "cluster">;

/**
 * Everything that a run on a config's cluster depends on, each with its remedy, and what the cluster has. Orders a short job, another one for
 * each trainer that may be sent something, and no stage.
 */
export async function lookAtCluster(settings: LookSettings): Promise<ClusterLook> {
  const findings: DoctorCheck[] = [];
  let facts: ClusterFacts | undefined;
  let cluster: Cluster | undefined;
  try {
    const { runtime, env } = settings;
    cluster = new Cluster({ root: runtime.directory, config: runtime.cluster, env });
    await look(cluster, settings, { add: (check) => findings.push(check), keep: (seen) => (facts = seen) });
  } catch (error) {
    if (error instanceof ClusterError || error instanceof DataError) {
      findings.push({ name: placeOf(error), state: "missing", detail: error.what, remedy: error.remedy });
    } else {
      throw error;
    }
  } finally {
    await cluster?.close();
  }
  return { findings, ...(facts && { cluster: facts }) };
}

/** The line of what an error is about. */
function placeOf(error: ClusterError | DataError): string {
  if (error instanceof DataError) return "program";
  return { unreachable: "Ray", notRay: "Ray", token: "token", missing: "job", refused: "job", worker: "worker" }[
    error.fault
  ];
}

async function look(
  cluster: Cluster,
  { runtime, signal, progress }: LookSettings,
  { add, keep }: { readonly add: (check: DoctorCheck) => void; readonly keep: (facts: ClusterFacts) => void },
): Promise<void> {
  const { client } = cluster;
  const version = await client.version(signal);
  add({ name: "Ray", state: "ok", detail: `${version} at ${client.server}` });
  const token = tokenCheck(runtime.cluster);
  if (token !== undefined) add(token);
  const nodes = await client.nodes(signal);
  const machines = machinesCheck(cluster, nodes);
  add(machines);
  const free = (await client.use(signal))?.free;
  keep({ address: runtime.cluster.address, version, machines: kindsOf(nodes), ...(free && { free }) });
  if (machines.state === "missing") return;
  let sent = "there already";
  const { uri } = await cluster.program(signal, (bytes) => {
    sent = `${formatBytes(bytes)} sent`;
    progress(`Sending the program, ${formatBytes(bytes)}`);
  });
  add({ name: "program", state: "ok", detail: `${sent}: ${uri}` });
  progress("Asking a machine of the cluster by the shared folder");
  const asked = Date.now();
  const facts = await answerWithin(cluster, runtime, signal);
  if (typeof facts === "string") {
    add({ name: "worker", state: "optional", detail: facts, remedy: "runs wait for the same; try again later" });
    return;
  }
  for (const check of workerChecks(facts, runtime, skewOf(facts, { asked, answered: Date.now() }))) add(check);
  const uses = TRAINED_KINDS.map((kind) => useOf(runtime.cluster.trainer, kind).use);
  for (const trainer of TRAINERS) {
    const isNeeded = uses.some((use) => use === trainer.name);
    const isPossible = trainer.name === FIRST_TRAINER.name && uses.includes("auto");
    if (!isNeeded && !isPossible) continue;
    if (nodes.every(({ gpus }) => gpus < 1)) {
      const remedy = 'add machines with cards, or set runtime.cluster.trainer to { "use": "own" }';
      if (isNeeded) add({ name: trainer.title, state: "missing", detail: "no machine has a card", remedy });
      continue;
    }
    progress(`Having a machine of the cluster import ${modulesText(trainer)}`);
    add(await trainerCheck(cluster, { trainer, image: runtime.cluster.image, isNeeded }, signal));
  }
}

/** "OpenRLHF and vLLM". */
function modulesText({ modules }: Trainer): string {
  const titles = modules.map(([, title]) => title);
  return `${titles.slice(0, -1).join(", ")} and ${titles.at(-1) ?? ""}`;
}

/** A machine's answer; why there is none yet, where it takes long. */
async function answerWithin(
  cluster: Cluster,
  runtime: LookSettings["runtime"],
  signal: AbortSignal,
): Promise<WorkerFacts | string> {
  let reason = "it has not begun";
  const ask = (until: AbortSignal): Promise<WorkerFacts> =>
    cluster.ask(questionOf(runtime), until, (why) => (reason = why));
  return (await within(ask, signal)) ?? `a job waits on the cluster: ${reason}`;
}

/** Has a machine import what a trainer takes: no run can do without where the config sends a kind of stage to it. */
async function trainerCheck(
  cluster: Cluster,
  {
    trainer,
    image,
    isNeeded,
  }: { readonly trainer: Trainer; readonly image: string | undefined; readonly isNeeded: boolean },
  signal: AbortSignal,
): Promise<DoctorCheck> {
  const { title: name, version, requirement } = trainer;
  const lack = await within(async (until) => (await cluster.askForTrainer(trainer, until)) ?? "", signal);
  if (lack === "") {
    const detail = `${modulesText(trainer).replace(name, version)} can be imported`;
    return { name, state: "ok", detail };
  }
  if (lack === undefined) {
    const remedy = "a card may not be free, or Ray prepares the environment of its jobs; try again later";
    return { name, state: "optional", detail: "a job that imports it has not ended yet", remedy };
  }
  const where = image === undefined ? "the machines, or runtime.cluster.runtimeEnv" : "the image";
  const install = `put ${requirement} into ${where}`;
  if (isNeeded) return { name, state: "missing", detail: lack, remedy: install };
  const remedy = `${install}; without it, a run needs all stages to fit on one card (salsa plan says which do)`;
  return { name, state: "optional", detail: lack, remedy };
}

/** An answer; undefined where it takes long. */
async function within<T>(ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const late = new AbortController();
  const answering = ask(AbortSignal.any([signal, late.signal]));
  const done = new AbortController();
  void setTimeout(PATIENCE_MS, undefined, { signal: done.signal }).then(
    () => late.abort(),
    () => undefined,
  );
  try {
    return await answering;
  } catch (error) {
    if (!(error instanceof Stopped) || signal.aborted) throw error;
    return undefined;
  } finally {
    done.abort();
  }
}

function tokenCheck({ address, tokenEnv }: LookSettings["runtime"]["cluster"]): DoctorCheck | undefined {
  if (tokenEnv === undefined) return undefined;
  const isOpen = address.startsWith("http:") && !/^http:\/\/(localhost|127\.|\[::1\])/.test(address);
  if (!isOpen) return { name: "token", state: "ok", detail: `of ${tokenEnv}, taken` };
  const remedy = "use https, or a tunnel (ssh -L 8265:localhost:8265 head) and its local address";
  return { name: "token", state: "optional", detail: `of ${tokenEnv}, taken; others on the way can read it`, remedy };
}

function machinesCheck(cluster: Cluster, nodes: readonly RayNode[]): DoctorCheck {
  const need = cluster.resources();
  const lack = queueText(need, need, nodes);
  const detail = machinesText(nodes);
  if (lack === undefined) return { name: "machines", state: "ok", detail };
  const [what = "", remedy = ""] = lack.split("; ", 2);
  return { name: "machines", state: "missing", detail: `${detail}; a stage ${what}`, remedy };
}

/** Machines by what they have, those with the most cards first. */
function kindsOf(nodes: readonly RayNode[]): readonly MachineKind[] {
  const kinds = new Map<string, MachineKind>();
  for (const { cpus, gpus, accelerator } of nodes) {
    const has = { cpus, gpus, ...(accelerator !== undefined && { accelerator }) };
    const key = JSON.stringify(has);
    kinds.set(key, { ...has, count: (kinds.get(key)?.count ?? 0) + 1 });
  }
  return [...kinds.values()].toSorted((a, b) => b.gpus - a.gpus || b.cpus - a.cpus).slice(0, MOST_KINDS);
}

function workerChecks(
  facts: WorkerFacts,
  { directory, cluster }: LookSettings["runtime"],
  skew: number,
): DoctorCheck[] {
  const { host, node, choice, freeBytes, memoryBytes } = facts;
  const there = cluster.sharedFolder ?? directory;
  const hasRoom = freeBytes >= LEAST_DISK;
  const isInTime = Math.abs(skew) <= MOST_SKEW_MS;
  return [
    { name: "shared folder", state: "ok", detail: `${directory} here is ${there} on ${host}, read and written there` },
    { name: "Node", state: "ok", detail: `${node} runs on ${host}, with ${formatBytes(memoryBytes)} of memory` },
    "lack" in choice
      ? {
          ...{ name: "backend", state: "missing", detail: choice.lack },
          remedy: "give stages a card (runtime.cluster.gpus), or set runtime.backend to what the machine has",
        }
      : { name: "backend", state: "ok", detail: `${choice.device.name}, ${choice.precision} (${choice.reason})` },
    {
      ...{
        name: "disk space",
        state: hasRoom ? "ok" : "missing",
        detail: `${formatBytes(freeBytes)} free in ${there}`,
      },
      ...(!hasRoom && { remedy: `free ${formatBytes(LEAST_DISK)} there` }),
    },
    {
      ...{ name: "clocks", state: isInTime ? "ok" : "missing" },
      detail: isInTime ? "agree" : `${host} is ${skewText(skew)}`,
      ...(!isInTime && { remedy: "set both by NTP: signs of life of who works at a stage are dated by them" }),
    },
  ];
}
