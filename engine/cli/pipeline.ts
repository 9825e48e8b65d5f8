import type * as pipeline from "../pipeline/index.ts";

/** What the commands use of engine/pipeline, which is loaded on first use. */
export type Pipeline = Pick<
  typeof pipeline,
  "runPipeline" | "planPipeline" | "makeSoup" | "scoreCheckpoint" | "generateResponses" | "readRun" | "writeReport"
>;
