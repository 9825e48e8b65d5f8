import { randomBytes } from "node:crypto";
import { posix, relative, sep } from "node:path";
import { setTimeout } from "node:timers/promises";
import { importCheckOf } from "../../cluster/trainer/importCheck.ts";
import { isSent } from "../../cluster/trainer/placement.ts";
import type { Trainer } from "../../cluster/trainer/trainer.ts";
import type { ClusterError } from "../../cluster/ray/clusterError.ts";
import { RayClient, type RayNode, type JobResources } from "../../cluster/ray/client.ts";
import { type EnginePackage, enginePackage } from "../../cluster/ray/enginePackage.ts";
import { lastLine } from "../../common/lastLine.ts";
import { type ClusterConfig, type ClusterStageKind, isUsableCluster, trainerEnv } from "../../config/index.ts";
import type { TrainerConfig } from "../../config/trainer.ts";
import { trainingKind } from "../../protocol/armStages.ts";
import { DataError } from "../../protocol/errors.ts";
import type { ResolvedStage } from "../resolve.ts";
import { Stopped } from "../stage.ts";
import { PollTurns } from "./pollTurns.ts";
import { type WorkerFacts, type WorkerQuestion, askWorker, forgetQuestion, workerAnswer } from "./workerCheck.ts";

/** Seconds that a job has between SIGTERM and SIGKILL: a step in flight is finished and saved meanwhile. */
const STOPPING = { RAY_JOB_STOP_WAIT_TIME_S: "60" };
/** Milliseconds between two looks for a machine's answer. */
const POLL_MS = 1000;
/** Polls of a job that waits until it is asked for the reason, again and again. */
const PENDING_POLLS = 5;
/** Milliseconds that a file may take from one machine to another: systems remember a folder's content for a minute. */
export const SHARING_MS = 65_000;

/** How a cluster is used. */
export interface ClusterSettings {
  /** The folder of runs and artifacts as this machine sees it: `.salsa`. */
  readonly root: string;
  readonly config: ClusterConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of this user's on this machine, where runs of other folders take turns to ask, too. */
  readonly machineFolder?: string | undefined;
}

/** A job of this program. */
export interface ProgramJob extends JobResources {
  readonly id: string;
  /** Variables that say what it has to do. */
  readonly order: Readonly<Record<string, string>>;
  /** For people, on Ray's dashboard. */
  readonly about: Readonly<Record<string, string>>;
}

/** A job of a program that the cluster's machines have themselves. */
export interface CommandJob extends Omit<ProgramJob, "order"> {
  /** Shell command. */
  readonly entrypoint: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A Ray cluster that runs this program on a folder that it shares with this machine. */
export class Cluster {
  readonly client: RayClient;
  /** For all that asks it again and again. */
  readonly turns: PollTurns;
  private readonly settings: ClusterSettings;
  private package: Promise<EnginePackage> | undefined;

  /** @throws {ClusterError} when there is no token. {DataError} when no config may name such a cluster. */
  constructor(settings: ClusterSettings) {
    const { root, config, env, machineFolder } = settings;
    if (!isUsableCluster(config)) {
      const remedy = "start the run again from its config";
      throw new DataError("is none that a config may name", { file: "runtime.cluster", remedy });
    }
    this.settings = settings;
    this.client = new RayClient({ address: config.address, tokenEnv: config.tokenEnv, env });
    this.turns = new PollTurns({ root, server: this.client.server, machineFolder });
  }

  /** The trainer of what does not fit on one card, and its cards. */
  get trainer(): TrainerConfig {
    return this.settings.config.trainer;
  }

  /** Resources of a kind of stage. */
  resources(kind?: string): JobResources {
    return stageResources(this.settings.config, kind);
  }

  /**
   * Sends the program to the cluster, unless it is there.
   * @param signal - Ends it.
   * @param sending - Called with its size in bytes before it is sent.
   * @returns Its URI, and the command that begins a job in it.
   * @throws {ClusterError} {DataError}
   */
  async program(signal?: AbortSignal, sending?: (bytes: number) => void): Promise<EnginePackage> {
    const own = await (this.package ??= enginePackage());
    if (await this.client.hasPackage(own.uri, signal)) return own;
    const content = await own.content();
    sending?.(content.length);
    await this.client.putPackage(own.uri, content, signal);
    return own;
  }

  /** Submits a job of this program. @returns False when there is one of its id already. @throws {ClusterError} */
  async submit({ id, order, about, cpus, gpus }: ProgramJob, signal?: AbortSignal): Promise<boolean> {
    const { root, config } = this.settings;
    const { uri, entrypoint } = await this.program(signal);
    const env = { ...config.runtimeEnv?.envVars, SALSA_ROOT: this.seenAs(root), ...STOPPING, ...order };
    return this.client.submit({ id, entrypoint, package: uri, env, metadata: about, cpus, gpus }, signal);
  }

  /** Submits a job of another program. @returns False when there is one of its id already. @throws {ClusterError} */
  async submitCommand({ id, entrypoint, env, about, cpus, gpus }: CommandJob): Promise<boolean> {
    const { config } = this.settings;
    return this.client.submit({
      ...{ id, entrypoint, package: "", env: { ...config.runtimeEnv?.envVars, ...STOPPING, ...env } },
      runtimeEnv: trainerEnv(config),
      ...{ metadata: about, cpus, gpus },
    });
  }

  /** A path below the folder of runs as the cluster's machines see it. */
  seenAs(path: string): string {
    const { root, config } = this.settings;
    const there = config.sharedFolder ?? root;
    return posix.join(there, relative(root, path).split(sep).join("/"));
  }

  /**
   * Has a machine of the cluster read the shared folder, write to it, and say what it is.
   *
   * @param question - About the run that is to compute there.
   * @param signal - Ends it.
   * @param waiting - Called with the reason when its job has to wait.
   * @throws {ClusterError} when it cannot, with the reason.
   * @throws {Stopped} when the signal is aborted.
   */
  async ask(question: WorkerQuestion, signal: AbortSignal, waiting: (reason: string) => void): Promise<WorkerFacts> {
    const { root } = this.settings;
    const nonce = `${Date.now()}-${randomBytes(4).toString("hex")}`;
    const id = `salsa-check-${nonce}`;
    await askWorker(root, nonce, question);
    try {
      await this.submit(
        { id, order: { SALSA_QUESTION: nonce }, about: { salsa: "check" }, ...this.resources() },
        signal,
      );
      return await this.answer(nonce, id, { signal, waiting });
    } catch (error) {
      if (!signal.aborted) throw error;
      await this.client.stop(id).catch(() => undefined); // it ends by itself, too
      throw new Stopped("stopped while the cluster was asked");
    } finally {
      await forgetQuestion(root, nonce);
      await this.client.forget(id).catch(() => undefined); // it may not have ended yet
    }
  }

  /**
   * Has a machine with a card import what trainings of a trainer take, as a job of theirs would.
   *
   * @returns Why it cannot; undefined where it can.
   * @throws {ClusterError} when the cluster cannot be asked.
   * @throws {Stopped} when the signal is aborted.
   */
  async askForTrainer(trainer: Trainer, signal: AbortSignal): Promise<string | undefined> {
    const id = `salsa-check-${Date.now()}-${randomBytes(4).toString("hex")}`;
    const { cpus } = this.resources();
    try {
      const entrypoint = importCheckOf(trainer);
      await this.submitCommand({ id, entrypoint, env: {}, about: { salsa: "check" }, cpus, gpus: 1 });
      for (;;) {
        const job = await this.turns.take(() => this.client.job(id, signal), signal);
        if (job === undefined) throw this.lostCheck();
        if (job.status === "SUCCEEDED") return undefined;
        if (job.status === "FAILED" || job.status === "STOPPED") return lastWords(job.message).text;
        await setTimeout(POLL_MS, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      await this.client.stop(id).catch(() => undefined); // it ends by itself, too
      throw new Stopped("stopped while the cluster was asked");
    } finally {
      await this.client.forget(id).catch(() => undefined); // it may not have ended yet
    }
  }

  async close(): Promise<void> {
    await this.turns.close();
    this.client.close();
  }

  private async answer(
    nonce: string,
    id: string,
    { signal, waiting }: { readonly signal: AbortSignal; readonly waiting: (reason: string) => void },
  ): Promise<WorkerFacts> {
    const { root } = this.settings;
    let endedAt: number | undefined;
    let nPending = 0;
    let said = "";
    for (;;) {
      const facts = await workerAnswer(root, nonce);
      if (facts !== undefined) return facts;
      const job = await this.turns.take(() => this.client.job(id, signal), signal);
      if (job === undefined) throw this.lostCheck();
      if (job.status === "FAILED" || job.status === "STOPPED") throw this.failure(job.message);
      if (job.status === "PENDING" && ++nPending % PENDING_POLLS === 0) {
        const reason = await this.queueReason(signal);
        if (reason !== undefined && reason !== said) waiting(reason);
        said = reason ?? said;
      }
      if (job.status === "SUCCEEDED") endedAt ??= performance.now();
      if (endedAt !== undefined && performance.now() - endedAt > SHARING_MS) throw this.notShared();
      await setTimeout(POLL_MS, undefined, { signal });
    }
  }

  private async queueReason(signal: AbortSignal): Promise<string | undefined> {
    const use = await this.turns.take(() => this.client.use(signal), signal);
    const nodes = await this.turns.take(() => this.client.nodes(signal), signal);
    return use && queueText(this.resources(), use.free, nodes);
  }

  /** The error of a job that has failed before it could say why itself. @param log - File that holds its log. */
  failure(message: string, log?: string): ClusterError {
    const { text: last, isOurs } = lastWords(message);
    const remedies: readonly (readonly [RegExp, string])[] = [
      [/exec format|cannot execute binary/i, `its machines need the processor of this one, ${process.arch}`],
      [/GLIBC/, "its machines need a newer Linux: glibc 2.28, of 2018, or newer"],
      [/No space left|ENOSPC/i, "free space on its machines, below /tmp/ray, and in the shared folder"],
    ];
    const remedy = remedies.find(([form]) => form.test(message))?.[1];
    const more = log === undefined ? "the job's log on Ray's dashboard says more" : `its log says more: ${log}`;
    // Errors of ours bring their own remedy.
    return this.client.error(`a job cannot begin: ${last}`, "worker", isOurs ? "see the docs" : (remedy ?? more));
  }

  private lostCheck(): ClusterError {
    return this.client.error("has lost a job", "refused", "was its head started again? Try again");
  }

  private notShared(): ClusterError {
    const { root, config } = this.settings;
    const there = config.sharedFolder ?? root;
    const remedy = `set runtime.cluster.sharedFolder to where its machines see ${root}, on a file system that both share`;
    return this.client.error(`a machine has written to ${there}, and nothing of it is seen here`, "worker", remedy);
  }
}

/** A line of a Python traceback that names the error. */
const PYTHON_ERROR = /^(?:[A-Za-z_][\w.]*\.)?\w*(?:Error|Exception|Interrupt|Exit)\b.*$/gm;

/** The line of a job's output that says most: what a program of ours says, the error of a Python traceback, else the last. */
export function lastWords(message: string): { readonly text: string; readonly isOurs: boolean } {
  const said = message.match(/^salsa: .*$/gm)?.at(-1);
  const line = said?.slice("salsa: ".length) ?? message.match(PYTHON_ERROR)?.at(-1);
  return { text: lastLine(line ?? message, 1000), isOurs: said !== undefined };
}

/** Why a job waits, as far as a cluster's numbers say; undefined where there is room for it, and it is being begun. */
export function queueText(need: JobResources, free: JobResources, nodes: readonly RayNode[]): string | undefined {
  const fits = ({ cpus, gpus }: JobResources): boolean => cpus >= need.cpus && gpus >= need.gpus;
  const wanted = `needs ${resourcesText(need)}`;
  if (!nodes.some(fits)) {
    const [cpus, gpus] = [Math.max(0, ...nodes.map((one) => one.cpus)), Math.max(0, ...nodes.map((one) => one.gpus))];
    const most = resourcesText({ cpus, gpus: need.gpus === 0 ? 0 : gpus }, need.gpus > 0);
    return `${wanted}, and machines have at most ${most}; lower runtime.cluster.gpus or cpus, or add a machine`;
  }
  return fits(free) ? undefined : `${wanted}, free: ${resourcesText(free, need.gpus > 0)}`;
}

/** Resources of a kind of stage on a cluster. */
export function stageResources(
  { cpus, gpus, stages }: Pick<ClusterConfig, "cpus" | "gpus" | "stages">,
  kind?: string,
): JobResources {
  // A part of a training takes what all of it would.
  const kinds = kind === undefined ? [] : [kind, trainingKind(kind)];
  const own = kinds.map((one) => stages?.[one as ClusterStageKind]).find((settings) => settings !== undefined);
  return { cpus: own?.cpus ?? cpus, gpus: own?.gpus ?? gpus };
}

/** The price of a stage for an hour; nothing without prices, and on no machine of the cluster. */
export function pricePerHour(
  cluster: Pick<ClusterConfig, "cpus" | "gpus" | "stages" | "price">,
  { info: { kind }, declared: { usesDevice }, placement }: Pick<ResolvedStage, "info" | "declared" | "placement">,
): number {
  const { cardHour = 0, coreHour = 0 } = cluster.price ?? {};
  const { cpus, gpus } = stageResources(cluster, kind);
  if (isSent(placement)) {
    const { nodes, cardsPerNode } = placement.place;
    return nodes * cardsPerNode * cardHour + cpus * coreHour;
  }
  return usesDevice ? gpus * cardHour + cpus * coreHour : 0;
}

/** "1 GPU and 4 CPUs". */
export function resourcesText({ cpus, gpus }: JobResources, hasGpus = gpus > 0): string {
  const number = (count: number, unit: string): string => `${rounded(count)} ${unit}${rounded(count) === 1 ? "" : "s"}`;
  return !hasGpus ? number(cpus, "CPU") : `${number(gpus, "GPU")} and ${number(cpus, "CPU")}`;
}

const rounded = (count: number): number => Math.round(count * 100) / 100;
