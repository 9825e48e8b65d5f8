export { BACKEND_CHOICES, REPORT_TARGETS, type ReportTarget, isDeviceName } from "./runtime.ts";
export type { ClusterConfig, ClusterStageKind } from "./cluster.ts";
export { keptAt, rungsOf } from "./halving.ts";
export { halvedArms } from "./halvingChecks.ts";
export { trainerEnv } from "./clusterJobs.ts";
export { isUsableCluster } from "./clusterChecks.ts";
export { clusterText, sendsToken } from "./clusterToken.ts";
export { configTable, jsonSchema, presetSchemas } from "./describe.ts";
export { editorSchema } from "./editorSchema.ts";
export {
  askedModels,
  checkBudget,
  contestantOf,
  isFree,
  judgeModels,
  judgesWhileTraining,
  judgingCost,
  judgingCostTexts,
  priceOf,
} from "./judgingCost.ts";
export type { ModelCost, ServerModel } from "./judgingCost.ts";
export { answersBenchmark, pairsOn } from "./contestants.ts";
export { LORA_TARGETS } from "./lora.ts";
export { rewardName, sftName, sftNamesOf, TASK_BENCHMARKS, VALIDATION } from "./names.ts";
export { parseConfig } from "./parse.ts";
export type { ParseSettings } from "./parse.ts";
export { derivedSizes, splitPairs } from "./sizes.ts";
export type { ArmSizes, DerivedSizes } from "./sizes.ts";
export { isByReward } from "./soup.ts";
export { nameWith, namesOf } from "./sweeps/products.ts";
export { configAt, resolvedPlace, variantsOf, writtenPlace } from "./sweeps/variants.ts";
export type * from "./resolved.ts";
