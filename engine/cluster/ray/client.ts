import type * as z from "zod";
import { jobSchema, jobsSchema, nodesSchema, statusSchema, submittedSchema, versionSchema } from "./answers.ts";
import { type CardUse, cardUses, cardsSchema } from "./cards.ts";
import { ClusterError } from "./clusterError.ts";
import { RayLogs } from "./logs.ts";
import { type ClusterAccess, LEAST_RAY, RayRequests } from "./requests.ts";

/** Milliseconds until a package is there. */
const UPLOAD_MS = 10 * 60_000;

/** Processor cores and cards. */
export interface JobResources {
  readonly cpus: number;
  readonly gpus: number;
}

/** A machine of a cluster. */
export interface RayNode extends JobResources {
  /** For people: its name, else its address. */
  readonly name: string;
  readonly isHead: boolean;
  /** Kind of its cards: "A100". */
  readonly accelerator?: string;
}

/** Resources of a whole cluster. */
export interface ClusterUse {
  readonly total: JobResources;
  readonly free: JobResources;
}

/** A job as Ray sees it. */
export interface RayJob {
  readonly status: z.output<typeof jobSchema>["status"];
  /** Ray's words on the status: why it waits, or how it ended, with the end of its output. */
  readonly message: string;
  /** Of its command, where that came to an end by itself; negative, or above 128, when it was killed. */
  readonly exitCode?: number;
  /** Id of the machine that its command runs on. */
  readonly node?: string;
  /** Id of its command as a user of Ray, where it is one. */
  readonly job?: string;
}

/** A job to be run. */
export interface RaySubmission extends JobResources {
  /** Names the job; a second job of the same id is not run. */
  readonly id: string;
  /** Shell command, run in the unpacked package. */
  readonly entrypoint: string;
  /** URI of the package that it runs in; empty for none. */
  readonly package: string;
  readonly env: Readonly<Record<string, string>>;
  /** Further preparations of Ray for it, such as `image_uri` or `pip`. */
  readonly runtimeEnv?: Readonly<Record<string, unknown>>;
  /** For people, on Ray's dashboard. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Ray's job server. Every method throws {@link ClusterError}, or the reason of the signal that it is given. */
export class RayClient {
  /** Output of its jobs. */
  readonly logs: RayLogs;
  private readonly requests: RayRequests;

  /** @throws {ClusterError} when the variable of the token is not set, or holds none. */
  constructor(access: ClusterAccess) {
    this.requests = new RayRequests(access);
    this.logs = new RayLogs(this.requests);
  }

  /** For people. */
  get server(): string {
    return this.requests.server;
  }

  /** Version of Ray: "2.55.1". An older one than {@link LEAST_RAY} is an error. */
  async version(signal?: AbortSignal): Promise<string> {
    const { ray_version: version } = await this.requests.ask(
      { method: "GET", path: "/api/version" },
      versionSchema,
      signal,
    );
    if (!isAtLeast(version, LEAST_RAY)) {
      throw this.requests.error(`runs Ray ${version}`, "notRay", `upgrade it to Ray ${LEAST_RAY} or newer`);
    }
    return version;
  }

  /** Its living machines. */
  async nodes(signal?: AbortSignal): Promise<readonly RayNode[]> {
    const path = "/api/v0/nodes?detail=true&limit=10000";
    const { data } = await this.requests.ask({ method: "GET", path }, nodesSchema, signal);
    return data.result.result
      .filter(({ state }) => state === "ALIVE")
      .map(({ node_name, node_ip, node_id, is_head_node, resources_total: total }) => ({
        name: node_name ?? node_ip ?? node_id,
        isHead: is_head_node === true,
        cpus: total?.["CPU"] ?? 0,
        gpus: total?.["GPU"] ?? 0,
        ...acceleratorOf(total ?? {}),
      }));
  }

  /** How much of the cluster is free; undefined where Ray does not say. */
  async use(signal?: AbortSignal): Promise<ClusterUse | undefined> {
    const { data } = await this.requests.ask({ method: "GET", path: "/api/cluster_status" }, statusSchema, signal);
    const usage = data.clusterStatus?.loadMetricsReport?.usage;
    if (usage === undefined) return undefined;
    const [cpu, gpu] = [usage["CPU"] ?? [0, 0], usage["GPU"] ?? [0, 0]];
    return {
      total: { cpus: cpu[1], gpus: gpu[1] },
      // Of a machine that has just been lost, the use is still counted.
      free: { cpus: Math.max(0, cpu[1] - cpu[0]), gpus: Math.max(0, gpu[1] - gpu[0]) },
    };
  }

  /** True if the cluster has a package. */
  async hasPackage(uri: string, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.requests.send({ method: "GET", path: packagePath(uri) }, signal);
    if (answer.status === 404) return false;
    this.requests.checkStatus(answer);
    return true;
  }

  /** Gives the cluster a package, a ZIP file. */
  async putPackage(uri: string, content: Uint8Array, signal?: AbortSignal): Promise<void> {
    const request = { method: "PUT", path: packagePath(uri), body: content, deadlineMs: UPLOAD_MS } as const;
    this.requests.checkStatus(await this.requests.send(request, signal));
  }

  /**
   * Submits a job.
   * @returns False when there is one of that id already, which is left as it is.
   */
  async submit(job: RaySubmission, signal?: AbortSignal): Promise<boolean> {
    const body = JSON.stringify({
      submission_id: job.id,
      entrypoint: job.entrypoint,
      runtime_env: { ...job.runtimeEnv, ...(job.package !== "" && { working_dir: job.package }), env_vars: job.env },
      metadata: job.metadata,
      entrypoint_num_cpus: job.cpus,
      entrypoint_num_gpus: job.gpus,
    });
    // Without the slash at the end it is not found.
    const answer = await this.requests.send({ method: "POST", path: "/api/jobs/", body }, signal);
    if (answer.status >= 400 && /already exists/i.test(answer.text)) return false;
    this.requests.checkStatus(answer);
    this.requests.read(answer, submittedSchema);
    return true;
  }

  /** A job; undefined when the cluster knows none of that id, as after its head was started again. */
  async job(id: string, signal?: AbortSignal): Promise<RayJob | undefined> {
    const answer = await this.requests.send({ method: "GET", path: jobPath(id) }, signal);
    if (answer.status === 404) return undefined;
    this.requests.checkStatus(answer);
    const {
      status,
      message,
      driver_exit_code: exitCode,
      driver_node_id: node,
      job_id: job,
    } = this.requests.read(answer, jobSchema);
    return {
      ...{ status, message: message ?? "" },
      ...(typeof exitCode === "number" && { exitCode }),
      ...(typeof node === "string" && { node }),
      ...(typeof job === "string" && { job }),
    };
  }

  /**
   * Ids of the jobs that wait, the one that was submitted first in front. Undefined where the cluster's list of jobs cannot be
   * read: it has all that the cluster remembers, and may be too long.
   */
  async queue(signal?: AbortSignal): Promise<readonly string[] | undefined> {
    try {
      const jobs = await this.requests.ask({ method: "GET", path: "/api/jobs/" }, jobsSchema, signal);
      return jobs
        .filter(({ status }) => status === "PENDING")
        .toSorted((a, b) => (a.start_time ?? Infinity) - (b.start_time ?? Infinity))
        .map(({ submission_id: id }) => id ?? "");
    } catch (error) {
      if (error instanceof ClusterError && error.fault === "notRay") return undefined;
      throw error;
    }
  }

  /**
   * The use of their own cards by jobs, by their ids as users of Ray. Undefined where the cluster does not say it, or not in a
   * form that is known: it is no documented one.
   */
  async cards(signal?: AbortSignal): Promise<ReadonlyMap<string, CardUse> | undefined> {
    try {
      return cardUses(await this.requests.ask({ method: "GET", path: "/nodes?view=summary" }, cardsSchema, signal));
    } catch (error) {
      if (error instanceof ClusterError && (error.fault === "notRay" || error.fault === "refused")) return undefined;
      throw error;
    }
  }

  /** Asks a job to end: it gets SIGTERM, and is killed when it does not. One that is not there is no error. */
  async stop(id: string, signal?: AbortSignal): Promise<void> {
    const answer = await this.requests.send({ method: "POST", path: `${jobPath(id)}/stop`, body: "{}" }, signal);
    if (answer.status !== 404) this.requests.checkStatus(answer);
  }

  /** Has the cluster forget a job that has ended. One that is not there is no error. */
  async forget(id: string, signal?: AbortSignal): Promise<void> {
    const answer = await this.requests.send({ method: "DELETE", path: jobPath(id) }, signal);
    if (answer.status !== 404) this.requests.checkStatus(answer);
  }

  close(): void {
    this.requests.close();
  }

  /** An error about this cluster. */
  error(what: string, fault: ClusterError["fault"], remedy: string, options?: ErrorOptions): ClusterError {
    return this.requests.error(what, fault, remedy, options);
  }
}

/** Ray has the kind of a machine's cards as a resource: `accelerator_type:A100`. */
function acceleratorOf(resources: Readonly<Record<string, number>>): Pick<RayNode, "accelerator"> {
  const [name] = Object.keys(resources).filter((key) => key.startsWith(ACCELERATOR));
  return name === undefined ? {} : { accelerator: name.slice(ACCELERATOR.length) };
}

const ACCELERATOR = "accelerator_type:";

function packagePath(uri: string): string {
  const [protocol = "", name = ""] = uri.split("://", 2);
  return `/api/packages/${protocol}/${encodeURIComponent(name)}`;
}

const jobPath = (id: string): string => `/api/jobs/${encodeURIComponent(id)}`;

/** True if a version, such as "2.55.1" or "3.0.0.dev0", is not older than another one. */
function isAtLeast(version: string, least: string): boolean {
  const numbers = (text: string): readonly number[] => text.split(".").map((part) => parseInt(part, 10));
  const [[major = 0, minor = 0], [leastMajor = 0, leastMinor = 0]] = [numbers(version), numbers(least)];
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
