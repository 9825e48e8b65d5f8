import * as z from "zod";
import { type ModelConfig, handOver, parameters } from "../models/index.ts";
import type { Metrics } from "../rl/alarms.ts";
import { type PpoModels, type PpoPosition, type RestoredPpo, REFERENCE } from "../rl/ppoModels.ts";
import { trainedParameters } from "../rl/ppoStep.ts";
import type { PpoTrainer } from "../rl/ppoTrainer.ts";
import { numberOrNaN } from "../storage/formats/numberOrNaN.ts";
import { type Savepoint, type Snapshot, type StageContext, jsonOf } from "./stage.ts";
import { discard, positionSchema, restoredFloats, restoredState } from "./training.ts";
import { type PanelState, type WinRatePanel, panelStateSchema } from "./winRatePanel.ts";

/** A training as an attempt before this one has left it. */
interface RestoredTraining {
  /** Iterations that are done. */
  readonly step: number;
  readonly ppo: RestoredPpo;
  readonly history: readonly Metrics[];
  readonly panel: PanelState;
}

/** The state that a training goes on from, if there is one. Weights of `models` that it replaces are let go unread. */
export async function restorePpo(
  context: Pick<StageContext, "restore">,
  models: PpoModels,
): Promise<RestoredTraining | undefined> {
  const snapshot = await context.restore(savedSchema);
  if (snapshot === undefined) return undefined;
  const { policy, critic, references } = models;
  const saved = savedOf(snapshot, policy.config, critic?.config);
  for (const model of [policy, critic]) discard(model?.weights ?? []);
  // One that moves is as it was saved.
  if (saved.ppo.reference !== undefined)
    for (const { weights: stale } of references) if (!("read" in stale)) discard(stale);
  return { step: snapshot.step, ...saved };
}

/** A training's state, to go on from. */
export function savedPpo(
  trainer: PpoTrainer,
  history: readonly Metrics[],
  panel: WinRatePanel | undefined,
): Omit<Savepoint, "step"> {
  const { optimizerStep, ...state } = trainer.position;
  return { json: jsonOf({ ...state, optimizerStep, history, ...panel?.state }), tensors: trainer.fetched() };
}

/** A snapshot's JSON: the trainer's position, the metrics that alarms look for trends in, and the comparison's answers. */
const savedSchema: z.ZodType<SavedPpoJson> = panelStateSchema.extend({
  iteration: z.int().min(0),
  controller: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("fixed"), beta: z.number() }),
    z.object({ kind: z.literal("adaptive"), beta: z.number(), target: z.number(), horizon: z.number() }),
  ]),
  moments: z.object({ count: z.number(), mean: z.number(), variance: z.number() }),
  prompts: positionSchema,
  optimizerStep: z.int().min(0),
  history: z.array(z.record(z.string(), numberOrNaN)),
});

interface SavedPpoJson extends PpoPosition, PanelState {
  readonly history: readonly Metrics[];
}

function savedOf(
  snapshot: Snapshot<z.output<typeof savedSchema>>,
  policy: ModelConfig,
  critic: ModelConfig | undefined,
): Omit<RestoredTraining, "step"> {
  const { optimizerStep, history, start, open, ...state } = snapshot.json;
  const shapes = trainedParameters(critic === undefined ? { policy } : { policy, critic });
  const reference = [...parameters(policy)].flatMap(([name, shape]) => {
    const data = restoredFloats(snapshot, REFERENCE + name, shape);
    return data === undefined ? [] : [[name, { shape, data }] as const];
  });
  return {
    ppo: {
      ...state,
      train: restoredState(snapshot, optimizerStep, shapes),
      ...(reference.length > 0 && { reference: handOver(new Map(reference)) }),
    },
    history,
    panel: { ...(start && { start }), ...(open && { open }) },
  };
}
