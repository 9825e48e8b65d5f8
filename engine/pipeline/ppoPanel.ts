import type { TaskConfig } from "../config/index.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import type { PpoTrainer } from "../rl/ppoTrainer.ts";
import { validationPrompts } from "./corpus.ts";
import { assertUnchanged } from "./fingerprints.ts";
import { encodePrompts } from "./generation.ts";
import { readPrompt } from "./modelDesk.ts";
import type { OpenModel } from "./modelFolder.ts";
import { rewardingOf } from "./rewarding.ts";
import type { DataFile, StageContext } from "./stage.ts";
import type { TrainableModel } from "./trainable.ts";
import { type PanelState, type WatchSlice, WinRatePanel, type WinRatePanelSettings } from "./winRatePanel.ts";

/** True for iterations, counted from 0, after which the policy is compared with its start: each nth, and the last. */
export function isLooked(watch: WatchSlice["watch"], iteration: number, iterations: number): boolean {
  return watch !== undefined && ((iteration + 1) % watch.every === 0 || iteration + 1 === iterations);
}

/** Reports the comparison that a stop has cut off, at the step that was saved. */
export async function makeUp(
  { report }: Pick<StageContext, "report">,
  step: number,
  panel: WinRatePanel | undefined,
): Promise<void> {
  const values = (await panel?.makeUp(step)) ?? {};
  if (Object.keys(values).length > 0) report({ kind: "metrics", step, values });
}

/** The prompts that the policy is compared on, and everything that answers and scores them. */
export async function panelOf(
  {
    context: { backend, models, signal, report },
    watch,
    settings,
    seed,
    data,
    prompt,
  }: {
    readonly context: StageContext;
    readonly watch: NonNullable<WatchSlice["watch"]>;
    readonly settings: TaskConfig | undefined;
    readonly seed: number;
    readonly data: DataFile | undefined;
    readonly prompt: DataFile | undefined;
  },
  {
    trainer,
    start,
    task,
    reward,
  }: {
    readonly trainer: PpoTrainer;
    readonly start: TrainableModel;
    readonly task: Task | undefined;
    readonly reward: OpenModel;
  },
  known: PanelState | undefined,
): Promise<WinRatePanel> {
  const { validationPrompts: count, prompts: n, sampling } = watch;
  const file = data?.path;
  const all = await validationPrompts({ task: settings, file, validationPrompts: count });
  const questions = all.slice(0, n);
  const maxNewTokens = Math.min(sampling.maxNewTokens, task?.maxResponseLength ?? Infinity);
  const prompts = encodePrompts(questions, start, { maxNewTokens, from: file ?? "validation" });
  const rewarding = rewardingOf(reward, { format: start.format, questions });
  const scorer = { ...rewarding, role: trainer.reward };
  const asking: Pick<WinRatePanelSettings, "models" | "promptText" | "signal" | "note"> = {
    ...{ models, signal, note: (message) => report({ kind: "note", message }) },
    promptText: prompt === undefined ? undefined : await readPrompt(prompt.path),
  };
  for (const read of [data, prompt]) await assertUnchanged(read);
  const answering = { model: start, questions, prompts, reward: scorer, task, seed };
  return new WinRatePanel(backend, { watch, ...answering, ...asking }, known);
}
