import { type WeightType, DTYPES } from "../../compute/graph/dtype.ts";
import type { RunConfig } from "../../config/index.ts";
import { type ModelConfig, handOver, parameterCount } from "../../models/index.ts";
import { type SoupSettings, needOf } from "../../soup/index.ts";
import { type BaseInput, readChange } from "../adapterFolder.ts";
import { taskSlice } from "../corpus.ts";
import { NO_COST, inTransit, readingCost, sequenceLength, tokenizerBytes } from "../cost.ts";
import { assertUnchanged } from "../fingerprints.ts";
import { type Mixtures, adaptedMixtures, wholeMixtures } from "../mixtures.ts";
import { type ChatSlice, type TemplateInput, type LoadChoice, chatSlice, loadFormat } from "../chatChoice.ts";
import { type SaveSlice, AS_STORED, frozenSlice, loadFrozenModel, loadModel, saveSlice } from "../modelFolder.ts";
import { SAVED_TYPES } from "../../storage/elementTypes.ts";
import { mixedTensors, soupAdapters } from "../soupAdapters.ts";
import { soupCheckpoints } from "../soupCheckpoints.ts";
import { EXAMPLES_AT_ONCE, type HeldOut, heldOutEvaluator } from "../soupEvaluators.ts";
import type { Artifact, Cost, DataFile, Stage } from "../stage.ts";
import { sftSource, turnsSlice } from "./sft.ts";

/** A soup of models: a point in the space of weights that they span (SALSA, section 3.2). */
export const soup: Stage<
  { readonly name: string; readonly seed: number },
  SoupSlice,
  TemplateInput &
    BaseInput & {
      readonly of: readonly Artifact[];
      /** Scores mixtures for soups that go by reward. */
      readonly reward: Artifact | undefined;
      readonly data: DataFile | undefined;
    }
> = {
  kind: "soup",
  title: "Model soup",
  makes: "model",
  usesDevice: true,
  revision: 3,
  select: (config, of) => ({ ...soupSlice(config, of), ...saveSlice(config) }),
  async run(context, { settings, heldOut, saveAs }, { of, reward, data, template, base }) {
    const { signal, folder, backend } = context;
    const folders = of.map((model) => model.folder);
    const mixtures = heldOut && (await mixturesOf(folders, { ...chatOf(heldOut), template, base }));
    const evaluator =
      mixtures &&
      (await heldOutEvaluator(needOf(settings, of.length), heldOut, {
        backend,
        mixtures,
        reward: reward && (await loadFrozenModel(reward.folder, heldOut, ["score"], { ...chatOf(heldOut), base })),
        file: data?.path,
      }));
    try {
      await assertUnchanged(data);
      if (base !== undefined) {
        await soupAdapters({
          of: folders,
          base: base.folder,
          folder,
          settings,
          template,
          ...(saveAs && { saveAs }),
          ...(evaluator && { evaluator: (changes) => evaluator.of(mixedTensors(changes)) }),
          signal,
        });
        return;
      }
      await soupCheckpoints({
        of: folders,
        folder,
        settings,
        ...(saveAs && { saveAs: SAVED_TYPES[saveAs] }),
        template: template?.path,
        ...(evaluator && { evaluator: (_, tensors) => evaluator.of(tensors) }),
        signal,
        onProgress: ({ done, total }) => {
          context.report({ kind: "progress", step: done, total });
        },
      });
    } finally {
      evaluator?.release();
      mixtures?.release();
    }
  },
  cost: ({ settings, heldOut }, { model, stored = "f32", counts: { of = 0 } }) =>
    soupCost({ settings, heldOut, model, nModels: of, stored }),
};

interface SoupSlice extends SaveSlice {
  /** But for the models that it is made of, which are inputs. */
  readonly settings: SoupSettings;
  /** Data that mixtures are measured on, for a recipe that needs it. */
  readonly heldOut: HeldOut | undefined;
}

function soupSlice(config: RunConfig, { name, seed }: { readonly name: string; readonly seed: number }): SoupSlice {
  const found = config.soups[name];
  if (found === undefined) throw new RangeError(`soup: there is no soup called ${name}`);
  const { of, ...settings } = found;
  const need = needOf(settings, of.length);
  switch (need.on) {
    case "weights":
      return { settings, heldOut: undefined };
    case "examples":
      return {
        settings,
        heldOut: {
          kind: "examples",
          ...sftSource(config),
          ...turnsSlice(config),
          ...chatSlice(config),
          maxLength: config.sft.maxLength,
          seed,
        },
      };
    case "responses": {
      const { sampling, validationPrompts } = config.evaluation;
      // Mixtures are made in f32: only the reward model is frozen.
      const frozen = need.by === "reward" ? frozenSlice(config) : AS_STORED;
      const responses = {
        task: taskSlice(config.task),
        sampling,
        validationPrompts,
        seed,
        ...frozen,
        ...chatSlice(config),
      };
      return { settings, heldOut: { kind: "responses", ...responses } };
    }
  }
}

function chatOf({ chat }: HeldOut): ChatSlice {
  return chat === undefined ? {} : { chat };
}

/** The models as they are measured: each as a whole, or the base once and what each changes of it. */
async function mixturesOf(folders: readonly string[], choice: LoadChoice): Promise<Mixtures> {
  if (choice.base === undefined) {
    return wholeMixtures(await Promise.all(folders.map((folder) => loadModel(folder, ["language"], choice))));
  }
  const { config, weights: base } = await loadModel(choice.base.folder, ["language"], choice);
  const models = await Promise.all(folders.map((folder) => readChange(folder, config)));
  const format = await loadFormat(folders[0] ?? choice.base.folder, choice);
  return adaptedMixtures({ config, format, base: handOver(base), models });
}

/** Forward and backward take as long as three forwards. */
const PASSES = { lossAndGradient: 3, score: 1 };

/** Only measuring takes time worth counting; mixing reads piece by piece. */
function soupCost({
  settings,
  heldOut,
  model,
  nModels,
  stored,
}: SoupSlice & { readonly model: ModelConfig; readonly nModels: number; readonly stored: WeightType }): Cost {
  const need = needOf(settings, nModels);
  if (heldOut === undefined || need.on === "weights") {
    const read = inTransit(nModels * parameterCount(model) * DTYPES[stored].bytes);
    return { ...NO_COST, memoryBytes: read + tokenizerBytes(model) }; // tokenizers are compared
  }
  const maxLength = heldOut.kind === "examples" ? heldOut.maxLength : model.maxPositions;
  const length = sequenceLength(heldOut.task, { maxLength });
  return readingCost(model, {
    models: 1 + nModels,
    tokens: PASSES[need.kind] * need.evaluations * need.sequences * length,
    scored: { batchSize: EXAMPLES_AT_ONCE, queryLength: length - 1, responseLength: 1 },
  });
}
