import { join } from "node:path";
import type { CardUse } from "../../cluster/ray/cards.ts";
import { METRICS_NAME } from "../../cluster/trainer/request.ts";
import { type LoggedSample, type PenaltySettings, type Trainer, SAMPLES_TAG } from "../../cluster/trainer/trainer.ts";
import type { TrainedKind } from "../../config/trainedKinds.ts";
import { EVENT_FILE_MARK, eventsOf } from "../../storage/formats/tfEvents.ts";
import { inputChunks, inputStamp, inputTree, isInputFolder } from "../../storage/inputs.ts";
import type { Json } from "../../storage/json.ts";
import { AlarmWatch } from "../alarmWatch.ts";
import type { HostContext } from "../stage.ts";
import { JOB_PLACES } from "./places.ts";

/** A step as a trainer has logged it, by its tags. */
interface LoggedStep {
  readonly scalars: Map<string, number>;
  sample?: string;
}

/** A job that is watched. */
export interface WatchedJob {
  readonly by: Pick<Trainer, "metrics" | "sampleOf">;
  readonly kind: TrainedKind;
  /** The job's folder. */
  readonly folder: string;
  readonly totalSteps: number;
  /** Steps that an earlier process has reported. */
  readonly reported?: number;
  /** Of PPO. */
  readonly arm?: PenaltySettings;
}

/** Reads a job's event files while they grow, and reports each step once, as one of our own stages would. */
export class TrainingWatch {
  private readonly context: Pick<HostContext, "report" | "sample">;
  private readonly job: WatchedJob;
  private readonly alarms: AlarmWatch;
  private reported: number;
  private newest: Readonly<Record<string, number>> = {};
  private seen = "";

  constructor(context: Pick<HostContext, "report" | "sample">, job: WatchedJob) {
    this.context = context;
    this.job = job;
    this.reported = job.reported ?? 0;
    this.alarms = new AlarmWatch(context, job.kind);
  }

  /** Steps that have been reported. */
  get step(): number {
    return this.reported;
  }

  /** Metrics of the last step that was reported. */
  get last(): Readonly<Record<string, number>> {
    return this.newest;
  }

  /**
   * Reports the steps that are new, the last of them with the use of the job's cards where that is known. The newest may be
   * half written while the job runs, and waits for the next one.
   * @throws {DataError} when an event file is damaged.
   */
  async look(isOver: boolean, cards?: CardUse): Promise<void> {
    const folder = join(this.job.folder, JOB_PLACES.metrics, METRICS_NAME);
    // A trainer makes it when it begins to train.
    if (!(await isInputFolder(folder))) return;
    const files = (await inputTree(folder, (name, isFolder) => !isFolder && name.includes(EVENT_FILE_MARK))).toSorted();
    const stamps = await Promise.all(files.map(inputStamp));
    const seen = JSON.stringify([stamps, isOver]);
    if (seen === this.seen) return;
    this.seen = seen;
    // With the last one that was reported: its metrics may be asked for.
    const steps = await stepsIn(files, this.reported - 1);
    const numbers = [...steps.keys()].toSorted((a, b) => a - b);
    const whole = isOver ? numbers : numbers.slice(0, -1);
    for (const number of whole) {
      const step = steps.get(number);
      if (step !== undefined) this.report(number, step, number === whole.at(-1) ? cards : undefined);
    }
  }

  private report(number: number, { scalars, sample: written }: LoggedStep, cards: CardUse | undefined): void {
    const { by, kind, arm, totalSteps } = this.job;
    const values = by.metrics(kind, scalars, arm);
    this.newest = values;
    if (number <= this.reported) return;
    this.context.report({ kind: "progress", step: Math.min(number, totalSteps), total: totalSteps });
    this.context.report({ kind: "metrics", step: number, values: { ...values, ...deviceMetrics(cards) } });
    if (kind === "rlhf") this.alarms.see(values, number);
    const sample = written === undefined ? undefined : by.sampleOf(written);
    if (sample !== undefined) this.context.sample(recordOf(number, sample));
    this.reported = number;
  }
}

/** The names that the use of cards has in all trainings. */
function deviceMetrics(cards: CardUse | undefined): Readonly<Record<string, number>> {
  if (cards === undefined) return {};
  const { busy, memory } = cards;
  return { "device/memory": memory, ...(busy !== undefined && { "device/busy": busy }) };
}

/** Of a step that a resumed job has logged again, the later file's values count. */
async function stepsIn(files: readonly string[], after: number): Promise<ReadonlyMap<number, LoggedStep>> {
  const steps = new Map<number, LoggedStep>();
  for (const file of files) {
    for await (const { step, values, texts } of eventsOf(inputChunks(file), file)) {
      if (!Number.isSafeInteger(step) || step <= after) continue;
      const logged = steps.get(step) ?? { scalars: new Map<string, number>() };
      steps.set(step, logged);
      for (const [tag, value] of values) logged.scalars.set(tag, value);
      const sample = texts.find(([tag]) => tag === SAMPLES_TAG)?.[1];
      if (sample !== undefined) logged.sample = sample;
    }
  }
  return steps;
}

/** Trainers log prompt and response as one text, without numbers by token, and not whether the response ended. */
function recordOf(step: number, { text, score }: LoggedSample): Record<string, Json> {
  const none = { tokens: [], logprobs: [], kl: [], rewards: [], advantages: [], values: [] };
  return { step, prompt: "", response: text, ended: true, score, ...none };
}
