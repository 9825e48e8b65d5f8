/** Name of the file that a job's program reads. */
export const JOB_FILE = "job.json";

/** A path as a trainer is given it, and the one that is loaded. */
export interface LoadedPath {
  readonly given: string;
  readonly loaded: string;
}

/** The orders of a job's program. */
export interface JobOrder {
  /** The trainer for people, at PyPI, and as it is installed. */
  readonly title: string;
  readonly distribution: string;
  readonly requirement: string;
  readonly release: string;
  readonly module: string;
  readonly argv: readonly string[];
  readonly cards: number;
  /** True if the module asks Ray for its cards; else each card gets a process of it. */
  readonly asksRay: boolean;
  /** Of PPO by OpenRLHF, by the group of models. */
  readonly paths?: Readonly<Record<string, LoadedPath>>;
  /** Of PPO by Molt: the model that scores. */
  readonly reward?: string;
}

/** A training as a job: its program, by its name among the files that it needs beside the orders. */
export interface TrainerJob {
  readonly program: string;
  readonly files: Readonly<Record<string, string>>;
  readonly order: JobOrder;
}

/** A trainer as its orders name it. */
export type NamedTrainer = Pick<JobOrder, "title" | "distribution" | "requirement" | "release">;

/** A trainer as its orders name it, from what is known of it. */
export function namedIn({
  version: release,
  ...about
}: Omit<NamedTrainer, "release"> & { readonly version: string }): NamedTrainer {
  const { title, distribution, requirement } = about;
  return { title, distribution, requirement, release };
}

/** The shell command of a job, from the paths of its program and of its orders as the cluster sees them. */
export function entrypointOf(program: string, job: string): string {
  return `python3 ${quoted(program)} ${quoted(job)}`;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** Variables of a job: what it prints is there at once, and tokenizers do not warn about forks. */
export const JOB_ENVIRONMENT = { PYTHONUNBUFFERED: "1", TOKENIZERS_PARALLELISM: "true" } as const;
