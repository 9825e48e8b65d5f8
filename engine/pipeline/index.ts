export { chooseBackend, withChoice } from "./backends.ts";
export { type CardFit, fitOnCard } from "./cardFit.ts";
export {
  type PromptResponse,
  type GenerateRequest,
  type ScoreRequest,
  type MergeRequest,
  type SoupRequest,
  generateResponses,
  makeSoup,
  mergeAdapter,
  scoreCheckpoint,
} from "./checkpointWork.ts";
export { type JudgedFiles, judgeJob, openAnswers } from "./interchange/judgeFiles.ts";
export { tablesOfJudgments } from "./interchange/readJudgments.ts";
export { figureOfRun, paperTableOf } from "./figures/command.ts";
export { type Lack, figuresOfRun } from "./figures/index.ts";
export { type MeasureProgress, type MeasureRequest, measureFigure } from "./figures/measuring/measure.ts";
export { FIGURE_FORMATS, writeFigure } from "./figures/write.ts";
export { type Exported, type ExportRequest, exportRuns } from "./export/index.ts";
export { type ImportRequest, type ImportedRun, importRun } from "./tracking/importRun.ts";
export { type HostRunRequest, runOnHost } from "./host/runOnHost.ts";
export { checkHostable } from "./host/checkHostable.ts";
export { type Pulled, type PullRequest, pullResults } from "./host/pull.ts";
export { modelNotes } from "./modelNotes.ts";
export type { ChatChoice } from "./chatChoice.ts";
export { type OpenPreview, columnsOf, openConfigData, openFileData } from "./preview/index.ts";
export { trainerPlan } from "./trainer/trainerPlan.ts";
export { lookAtCluster } from "./cluster/index.ts";
export { planPipeline } from "./plan.ts";
export { comparedPrompts } from "./shortfalls.ts";
export { htmlComparison, writeHtmlReport, writeReport } from "./report/index.ts";
export {
  type RunRecord,
  type RunRequest,
  type RunResult,
  type RunWindows,
  openRun,
  readRun,
  runPipeline,
  version,
} from "./run.ts";
export { type ServeRequest, type ServedCheckpoint, type Serving, serveModels } from "./serveModels.ts";
export { Stopped } from "./stage.ts";
