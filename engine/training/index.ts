export {
  type BatchShape,
  type DataPosition,
  type TokenizedExample,
  type PreferencePair,
  DataOrder,
  firstTarget,
  pairBatches,
  supervisedBatches,
} from "./batches.ts";
export { type OptimizerSettings } from "./optimizer.ts";
export { type RandomState, Random } from "./random.ts";
export { type PairLoss, rewardModelLoss, rewardModelStep } from "./rewardModel.ts";
export { type Schedule, type ScheduleKind, learningRateAt } from "./schedule.ts";
export { sftLoss, sftStep } from "./sft.ts";
export {
  type LossBuilder,
  type LossNodes,
  type StepChoices,
  type StepResult,
  type StepSettings,
  Evaluation,
  NumericalError,
  TrainStep,
  trainingProgram,
} from "./step.ts";
export { type RestoredTrainState, type SavedTrainState, TrainState } from "./trainState.ts";
