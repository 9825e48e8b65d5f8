import type { RunConfig } from "../config/index.ts";

/** The task of an engine process. It travels as JSON. */
export type EngineRequest =
  | {
      readonly kind: "run";
      /** As resolved. */
      readonly config: RunConfig;
      readonly configFile: string;
      /** The folder of runs and artifacts: `.salsa`. */
      readonly runsRoot: string;
      /** Of the run, where it is not to be chosen. */
      readonly id?: string;
      /** The machine that makes it, by its name for ssh; this one unless given. */
      readonly host?: string;
    }
  | {
      readonly kind: "resume";
      readonly runsRoot: string;
      readonly run: string;
      /** Of a run on a host: follows it there, and does not begin it again. */
      readonly isOnlyFollowed?: boolean;
    };

/** The message that starts the process: the request, and the file that its standard error goes to until it has a folder. */
export interface EngineStart {
  readonly request: EngineRequest;
  /** Absent when the file is in its place already. */
  readonly log?: string;
}

/** The process's answer to its start, once. */
export type EngineAnswer =
  | { readonly kind: "opened"; readonly run: string; readonly folder: string }
  | { readonly kind: "failed"; readonly error: string; readonly message: string };
