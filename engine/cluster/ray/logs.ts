import { actorsSchema } from "./answers.ts";
import type { ClusterStream } from "./transport.ts";
import type { RayRequests } from "./requests.ts";

/** Actors of a job that Ray is asked for. */
const MOST_ACTORS = 10_000;
/** How Ray says that an actor did not end by its job's wish. */
const LOST: readonly unknown[] = ["WORKER_DIED", "NODE_DIED"];

/** A worker that a job has lost. */
export interface LostWorker {
  /** Id of its actor. */
  readonly actor: string;
  /** Class of its actor. */
  readonly name: string;
  readonly reason: string;
}

/** A log, by the machine that has it and its job, or by the actor and which of its two outputs. */
export type LogPlace =
  | { readonly node: string; readonly submission: string }
  | { readonly actor: string; readonly output: "out" | "err" };

/** Output of jobs. Every method throws {@link ClusterError}, or the reason of the signal that it is given. */
export class RayLogs {
  private readonly requests: RayRequests;

  constructor(requests: RayRequests) {
    this.requests = requests;
  }

  /** Opens the log of a job's command, from its beginning to its end; undefined when the cluster knows none of that id. */
  open(id: string, signal: AbortSignal): Promise<ClusterStream | undefined> {
    return this.requests.open(`/api/jobs/${encodeURIComponent(id)}/logs/tail`, signal);
  }

  /** The last lines of a log. */
  async lastLines(place: LogPlace, lines: number, signal: AbortSignal): Promise<string> {
    const query =
      "actor" in place
        ? { actor_id: place.actor, suffix: place.output }
        : { node_id: place.node, submission_id: place.submission };
    const path = `/api/v0/logs/file?${new URLSearchParams({ ...query, lines: String(lines) }).toString()}`;
    const answer = await this.requests.send({ method: "GET", path }, signal);
    this.requests.checkStatus(answer);
    if (answer.type.startsWith("text/html")) throw this.requests.page(answer);
    return answer.text;
  }

  /** The workers of a job that have died against its will, so far as they are actors. @param job - As a user of Ray. */
  async lostWorkers(job: string, signal: AbortSignal): Promise<readonly LostWorker[]> {
    const query = { detail: "true", limit: String(MOST_ACTORS) };
    const filter = { filter_keys: "job_id", filter_predicates: "=", filter_values: job };
    const path = `/api/v0/actors?${new URLSearchParams({ ...query, ...filter }).toString()}`;
    const { data } = await this.requests.ask({ method: "GET", path }, actorsSchema, signal);
    return data.result.result.flatMap(({ actor_id: actor, class_name: name, death_cause: cause }) => {
      const { reason, error_message: said } = cause?.actor_died_error_context ?? {};
      return LOST.includes(reason) ? [{ actor, name: name ?? "a worker", reason: said ?? "" }] : [];
    });
  }

  /** A text of the cluster's without the token. */
  hide(text: string): string {
    return this.requests.hide(text);
  }
}
