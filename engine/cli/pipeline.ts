import type * as pipeline from "../pipeline/index.ts";

/** The part of engine/pipeline that commands use; loaded on first use. */
export type PipelineModule = Pick<
  typeof pipeline,
  | "runPipeline"
  | "modelNotes"
  | "comparedPrompts"
  | "planPipeline"
  | "chooseBackend"
  | "fitOnCard"
  | "withChoice"
  | "makeSoup"
  | "mergeAdapter"
  | "scoreCheckpoint"
  | "generateResponses"
  | "serveModels"
  | "readRun"
  | "openConfigData"
  | "openFileData"
  | "writeReport"
  | "openAnswers"
  | "judgeJob"
  | "tablesOfJudgments"
  | "Stopped"
  | "writeHtmlReport"
  | "figureOfRun"
  | "figuresOfRun"
  | "measureFigure"
  | "writeFigure"
  | "FIGURE_FORMATS"
  | "paperTableOf"
>;
