import { join } from "node:path";
import { questionText } from "../protocol/conversation.ts";
import { type PromptList, PpoTrainer } from "../rl/ppoTrainer.ts";
import { DiskList } from "../storage/diskList.ts";
import { AlarmWatch } from "./alarmWatch.ts";
import { ppoSettings } from "./armSettings.ts";
import { taskOf, trainPrompts } from "./corpus.ts";
import { assertUnchanged } from "./fingerprints.ts";
import { type EncodedPrompt, listPrompts, shortenedMessage } from "./generation.ts";
import { loop } from "./loop.ts";
import { byNumber, loadPpo, ppoModels } from "./ppoModels.ts";
import { isLooked, makeUp, panelOf } from "./ppoPanel.ts";
import { recordIteration } from "./ppoRecords.ts";
import { restorePpo, savedPpo } from "./ppoSavepoint.ts";
import { rewardingByQuestion } from "./rewarding.ts";
import type { RlhfInputs, RlhfSlice } from "./rlhfSlice.ts";
import { type Savepoint, type StageContext, recomputationOf } from "./stage.ts";
import { saveTrained } from "./trainable.ts";

/** A part of a training, as a rung of successive halving has it. */
interface TrainingPart {
  /** Iterations after which it ends. */
  readonly until: number;
  /** Takes what the rest of it goes on from. */
  readonly left: (state: Omit<Savepoint, "step">) => Promise<void>;
}

/** Trains an arm's policy, or a part of that, and saves it. */
export async function trainPpo(
  context: StageContext,
  slice: RlhfSlice,
  inputs: RlhfInputs,
  part?: TrainingPart,
): Promise<void> {
  const asked = new DiskList<EncodedPrompt>(join(context.workspace, "prompts"));
  try {
    await trainOn(asked, context, { slice, inputs, part });
  } finally {
    await asked.release();
  }
}

/** All that a training is of. */
interface PpoTraining {
  readonly slice: RlhfSlice;
  readonly inputs: RlhfInputs;
  readonly part: TrainingPart | undefined;
}

/** The same, with its prompts on a list that is empty yet. */
async function trainOn(
  asked: DiskList<EncodedPrompt>,
  context: StageContext,
  { slice, inputs, part }: PpoTraining,
): Promise<void> {
  const { arm, watch: looks, task: settings, validationPrompts: kept, seed, saveAs } = slice;
  const { reference, data, base } = inputs;
  const { backend, pace } = context;
  const task = taskOf(settings);
  const loaded = await loadPpo(slice, inputs);
  const { start, reward } = loaded;
  const { format } = start;
  const maxNewTokens = Math.min(arm.maxNewTokens, task?.maxResponseLength ?? Infinity);
  const { areTexts, ...lengths } = await listPrompts(
    trainPrompts({ task: settings, file: data?.path, validationPrompts: kept }, seed),
    asked,
    { config: start.config, format, maxNewTokens, from: data?.path ?? "train" },
  );
  await assertUnchanged(data);
  const message = shortenedMessage(lengths, maxNewTokens);
  if (message !== undefined) context.report({ kind: "note", message });
  const rewarding = rewardingByQuestion(reward, { format, areTexts });
  const models = await ppoModels(loaded, slice, byNumber(rewarding, asked));
  const restored = await restorePpo(context, models);
  const ppo = { ...ppoSettings(arm, { ...lengths, format, seed }), recomputation: recomputationOf(pace) };
  const trainer = new PpoTrainer(backend, models, queriesOf(asked), ppo, restored?.ppo);
  const watch = new AlarmWatch(context, "rlhf", restored?.history);
  const panel =
    looks &&
    (await panelOf(
      { context, watch: looks, settings, seed, data, prompt: inputs.prompt },
      { trainer, start, task, reward },
      restored?.panel,
    ));
  try {
    if (restored === undefined) await panel?.begin(trainer.onDevice);
    else await makeUp(context, restored.step, panel);
    await loop(
      context,
      {
        total: part?.until ?? arm.iterations,
        saveEvery: Math.max(1, Math.round(pace.checkpointEvery / ITERATION_IN_STEPS)),
        metricsEvery: 1,
        step: async () => {
          const iteration = await trainer.iterate();
          const texts = (await asked.pick(iteration.prompts)).map(({ question }) => questionText(question));
          const about = { texts, task, arm, reference, format };
          const { watched, values, tokens } = recordIteration(context, iteration, about);
          watch.see(watched, iteration.iteration + 1);
          const compared = isLooked(looks, iteration.iteration, arm.iterations)
            ? await panel?.measure(trainer.onDevice, iteration.iteration + 1)
            : {};
          return { values: { ...values, ...compared }, tokens };
        },
        save: () => Promise.resolve(savedPpo(trainer, watch.ends, panel)),
      },
      restored?.step ?? 0,
    );
    await part?.left(savedPpo(trainer, watch.ends, panel));
    await saveTrained(context.folder, start, trainer.policy(), {
      base: base?.folder,
      ...(saveAs && { saveAs }),
    });
  } finally {
    panel?.release();
    trainer.release();
  }
}

/** The token ids of prompts. */
function queriesOf(asked: DiskList<EncodedPrompt>): PromptList {
  return {
    length: asked.length,
    pick: async (numbers) => (await asked.pick(numbers)).map(({ query }) => query),
  };
}

/** An iteration samples and learns from a batch: it takes as long as some ten steps of a supervised training. */
const ITERATION_IN_STEPS = 10;
