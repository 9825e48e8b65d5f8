export {
  type Completion,
  type GenerateRequest,
  type ScoreRequest,
  type SoupRequest,
  generateCompletions,
  makeSoup,
  scoreCheckpoint,
} from "./checkpointWork.ts";
export { type StagePlan, planPipeline } from "./plan.ts";
export { type RunRecord, type RunRequest, type RunResult, readRun, runPipeline } from "./run.ts";
