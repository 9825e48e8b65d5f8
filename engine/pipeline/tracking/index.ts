import type { ReportTarget } from "../../config/index.ts";
import { mlflow } from "./mlflow.ts";
import { tensorboard } from "./tensorboard.ts";
import type { Tracker } from "./tracker.ts";
import { wandb } from "./wandb.ts";

/** Every format, by the word of `runtime.reportTo`. */
export const TRACKERS: Readonly<Record<ReportTarget, Tracker>> = { tensorboard, mlflow, wandb };
