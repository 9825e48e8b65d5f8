import type { RunConfig, SamplingConfig } from "../protocol/config/index.ts";
import type { RunEvent, Table } from "../protocol/events.ts";

/** What `run` and `resume` ask for. */
export interface RunRequest {
  readonly config: RunConfig;
  readonly configFile: string;
  /** The folder of runs and artifacts: `.salsa`. */
  readonly runsRoot: string;
  /** Id of the run to go on with. */
  readonly resume?: string;
  readonly signal: AbortSignal;
  readonly report: (event: RunEvent) => void;
}

/** How a run ended. */
export interface RunResult {
  readonly id: string;
  readonly folder: string;
  readonly tables: readonly Table[];
  readonly status: "finished" | "stopped";
}

/** One stage of a recipe before it runs. */
export interface StagePlan {
  /** For people: "sft-1". */
  readonly name: string;
  readonly stage: string;
  /** Content address of what it makes. */
  readonly key: string;
  readonly cached: boolean;
  readonly parameters: number;
  readonly memoryBytes: number;
  readonly estimatedSeconds: number;
}

/** What `soup` asks for. */
export interface SoupRequest {
  readonly method: "uniform" | "linear" | "slerp";
  /** Checkpoint folders. */
  readonly of: readonly string[];
  readonly weights?: readonly number[];
  readonly alpha?: number;
  readonly out: string;
  readonly signal: AbortSignal;
}

/** What `score` asks for: a task with its gold score, or prompts with a reward model. */
export interface ScoreRequest {
  readonly checkpoint: string;
  readonly task?: string;
  readonly prompts?: string;
  readonly reward?: string;
  /** Answers per benchmark. */
  readonly n: number;
  readonly seed: number;
  readonly sampling: SamplingConfig;
  readonly signal: AbortSignal;
}

/** What `generate` asks for. */
export interface GenerateRequest {
  readonly checkpoint: string;
  /** A JSON-lines file of prompts, or the prompts themselves. */
  readonly prompts: string | readonly string[];
  /** JSON-lines file to write; absent to get the completions only as the result. */
  readonly out?: string;
  readonly seed: number;
  readonly sampling: SamplingConfig;
  readonly signal: AbortSignal;
}

/** A prompt with what a model wrote. */
export interface Completion {
  readonly prompt: string;
  readonly response: string;
}

/** A run as its folder tells it. */
export interface RunRecord {
  readonly id: string;
  readonly folder: string;
  readonly config: RunConfig;
  readonly configFile: string;
  readonly status: "running" | "finished" | "stopped" | "failed";
  readonly tables: readonly Table[];
}

/** What the commands need of engine/pipeline. */
export interface Pipeline {
  readonly runPipeline: (request: RunRequest) => Promise<RunResult>;
  readonly planPipeline: (config: RunConfig, place: { readonly runsRoot: string }) => Promise<readonly StagePlan[]>;
  readonly makeSoup: (request: SoupRequest) => Promise<{ readonly folder: string }>;
  readonly scoreCheckpoint: (request: ScoreRequest) => Promise<Table>;
  readonly generateCompletions: (request: GenerateRequest) => Promise<readonly Completion[]>;
  readonly readRun: (folder: string) => Promise<RunRecord>;
}
