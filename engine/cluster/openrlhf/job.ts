import { type OpenRlhfSettings, type ProgramName, OPENRLHF_VERSION, PROGRAMS, argvOf } from "./flags.ts";

/** Name of the file that the wrapper reads. */
export const JOB_FILE = "job.json";

/**
 * Stands for OpenRLHF in the keys of what it has trained, where results of ours name the backend: the two never mix. To be
 * raised whenever the same stage would be given to it otherwise.
 */
export const OPENRLHF_IDENTITY = { name: "openrlhf", revision: 1, build: OPENRLHF_VERSION } as const;

/** A path as OpenRLHF is given it, and the one that is loaded. */
interface LoadedPath {
  readonly given: string;
  readonly loaded: string;
}

/** The wrapper's orders. */
export interface OpenRlhfJobFile {
  readonly release: string;
  readonly module: string;
  readonly argv: readonly string[];
  readonly cards: number;
  /** Of PPO, by the group of models. */
  readonly paths?: Readonly<Record<string, LoadedPath>>;
}

/** The orders of a job; the reference, of PPO, is the folder of the model that the policy is held to, as the cluster sees it. */
export function jobFileOf(
  program: ProgramName,
  settings: OpenRlhfSettings,
  { cards, reference }: { readonly cards: number; readonly reference?: string },
): OpenRlhfJobFile {
  const { model = "", reward = "" } = settings;
  const same = (given: string): LoadedPath => ({ given, loaded: given });
  return {
    release: OPENRLHF_VERSION,
    module: PROGRAMS[program],
    argv: argvOf(program, settings),
    cards,
    ...(reference !== undefined && {
      paths: {
        PolicyModelActor: same(model),
        // OpenRLHF gives it the actor's path.
        ReferenceModelActor: { given: model, loaded: reference },
        RewardModelActor: same(reward),
        CriticModelActor: same(reward),
      },
    }),
  };
}

/** The shell command of a job, from the paths of the wrapper and of its orders as the cluster sees them. */
export function entrypointOf(wrapper: string, job: string): string {
  return `python3 ${quoted(wrapper)} ${quoted(job)}`;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** Variables of a job: what it prints is there at once, and tokenizers do not warn about forks. */
export const JOB_ENVIRONMENT = { PYTHONUNBUFFERED: "1", TOKENIZERS_PARALLELISM: "true" } as const;
