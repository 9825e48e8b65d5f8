import { join } from "node:path";
import * as z from "zod";
import { type RunConfig, type TaskConfig, splitPairs } from "../../config/index.ts";
import { DeviceWeights, FrozenRole, PerAdapter, handOver } from "../../models/index.ts";
import { DataError } from "../../protocol/errors.ts";
import { memoryByRole } from "../../common/memory.ts";
import type { Metrics } from "../../rl/alarms.ts";
import { distributionMetrics } from "../distributions.ts";
import {
  type ReferredPair,
  type ResponsePair,
  SequenceScorer,
  dpoBatches,
  dpoNodes,
  dpoStep,
} from "../../rl/dpoStep.ts";
import { DiskList } from "../../storage/diskList.ts";
import { numberOrNaN } from "../../storage/formats/numberOrNaN.ts";
import { type DataPosition, DataOrder, Random, learningRateAt } from "../../training/index.ts";
import { AlarmWatch } from "../alarmWatch.ts";
import { type BaseInput, type LoraSlice, loraSlice } from "../adapterFolder.ts";
import { alternation } from "../alternation.ts";
import { type DpoConfig, dpoWithBeta } from "../armSettings.ts";
import { type ChatSlice, type TemplateInput, chatSlice } from "../chatChoice.ts";
import { first, shortensTraining, taskOf, taskSlice, trainPrompts } from "../corpus.ts";
import { heldAs, readingCost, responseLengths, sequenceLength, trainingCost } from "../cost.ts";
import { type PairList, fetchedLogprobs, heldOutAccuracy, referenceLogprobs, savedLogprobs } from "../dpoLogprobs.ts";
import { listResponses, tokensOf } from "../dpoPairs.ts";
import { assertUnchanged } from "../fingerprints.ts";
import { encodePrompts } from "../generation.ts";
import { loop } from "../loop.ts";
import { type FrozenSlice, type SaveSlice, frozenSlice, saveSlice } from "../modelFolder.ts";
import { type Probe, type ReadModel, PROBED_PROMPTS, PolicyProbe } from "../policyProbe.ts";
import { loadReferences, roleWeights } from "../references.ts";
import type { Artifact, DataFile, Stage, StageContext } from "../stage.ts";
import { jsonOf } from "../stage.ts";
import { type TrainableModel, loadTrainable, saveTrained } from "../trainable.ts";
import { positionSchema, startState, stepChoices } from "../training.ts";

/** Times that the policy is sampled from while it learns; more where steps are few would only repeat it. */
const PROBES = 20;
/** Responses of each that are kept for people to read. */
const SAMPLES_KEPT = 4;
/**
 * DPO against any reference: an SFT, a checkpoint from outside, or a soup, which the paper names as its next step.
 *
 * Rafailov et al. 2023 (arXiv:2305.18290). It learns the pairs that the reward model learns from, and leaves out those that
 * the reward model is measured on. The reference's log-probs are computed once, before training, and are kept in savepoints.
 * Several references count as their normalised geometric mean over whole responses: its normaliser depends on the prompt
 * alone, and so cancels in the margin (arXiv:2502.01203).
 */
export const dpo: Stage<
  { readonly arm: string; readonly beta: number; readonly seed: number },
  DpoSlice,
  TemplateInput &
    BaseInput & {
      readonly init: Artifact;
      readonly reference: readonly Artifact[];
      /** Pairs made by a stage; undefined where the config brings a file. */
      readonly pairs: Artifact | undefined;
      readonly data: DataFile | undefined;
      /** Prompts that the policy is probed with. */
      readonly prompts: DataFile | undefined;
    }
> = {
  kind: "dpo",
  title: "DPO",
  makes: "model",
  usesDevice: true,
  batchSetting: ["rlhf", "minibatchSize"],
  revision: 1,
  select: (config, { arm, beta, seed }) => ({
    arm: dpoWithBeta(config, arm, beta),
    pairs: pairSettings(config),
    task: taskSlice(config.task),
    validationPrompts: shortensTraining(config) ? config.evaluation.validationPrompts : 0,
    seed,
    ...frozenSlice(config),
    ...loraSlice(config),
    ...chatSlice(config),
    ...saveSlice(config),
  }),
  async run(context, slice, inputs) {
    const { arm, task, validationPrompts, seed, chat, saveAs, lora, pairs: settings, ...frozen } = slice;
    const { init, reference, pairs: made, data, prompts, template, base } = inputs;
    const { backend, pace } = context;
    const random = Random.of(seed, "rlhf", "adapter");
    const start = await loadTrainable(init.folder, { ...(lora && { lora }), ...frozen, random, chat, template, base });
    const { config, format } = start;
    const list = new DiskList<ResponsePair>(join(context.workspace, "pairs"));
    const held = new Held();
    try {
      const { learned, heldOut, length, nUnusable } = await listResponses(
        list,
        { made, data, count: settings.count },
        {
          ...{ format, heldOut: settings.heldOut, seed },
          maxLength: Math.min(settings.maxLength, config.maxPositions),
        },
      );
      reportUnusable(context, nUnusable, data?.path);
      if (learned.length === 0) throw withoutPairs(data?.path ?? "preferences");
      const trained = trainPrompts({ task, file: prompts?.path, validationPrompts }, seed);
      const asked = await Array.fromAsync(first(trained, PROBED_PROMPTS));
      await assertUnchanged(prompts);
      const shared = held.add(DeviceWeights.upload(backend, handOver(start.frozen)));
      const references: ReadModel[] = [];
      for (const model of await loadReferences(reference, { config, frozen, base })) {
        const role = held.add(new FrozenRole(backend, roleWeights(model.weights), shared));
        references.push({ config: model.config, role });
      }
      const shape = { batchSize: arm.minibatchSize, length };
      const scorers = held.add(
        new PerAdapter((of) => new SequenceScorer(backend, of, { batchSize: 2 * arm.minibatchSize, length })),
      );
      const snapshot = await context.restore(savedSchema);
      const known = [...learned, ...heldOut];
      const pairs: PairList = {
        length: known.length,
        pick: (numbers) => list.pick(numbers.map((number) => known[number]!)),
      };
      const said =
        (snapshot && savedLogprobs(snapshot, known.length)) ?? (await referenceLogprobs(pairs, references, scorers));
      const referred = async (numbers: readonly number[]): Promise<readonly ReferredPair[]> =>
        (await pairs.pick(numbers)).map((pair, at) => ({
          ...pair,
          referenceChosen: said.chosen[numbers[at]!]!,
          referenceRejected: said.rejected[numbers[at]!]!,
        }));
      const toMeasure: PairList<ReferredPair> = {
        length: heldOut.length,
        pick: (numbers) => referred(numbers.map((number) => learned.length + number)),
      };

      const step = held.add(
        dpoStep(backend, config, {
          ...shape,
          ...stepChoices(context, arm),
          loss: { beta: arm.beta, kind: arm.dpoLoss, smoothing: arm.labelSmoothing },
        }),
      );
      const state = held.add(startState({ backend }, { weights: handOver(start.trained), step }, snapshot));
      const policy = shared.and(state.weights);
      const probe = held.add(
        new PolicyProbe(backend, {
          ...{ policy: config, references, format, questions: asked, task: taskOf(task), seed },
          prompts: encodePrompts(asked, start, {
            maxNewTokens: Math.min(arm.maxNewTokens, taskOf(task)?.maxResponseLength ?? Infinity),
            from: prompts?.path ?? "train",
          }),
        }),
      );

      const saved = snapshot?.json;
      const order = new DataOrder(learned.length, seed, saved?.data);
      const watch = new AlarmWatch(context, dpo.kind, saved?.history);
      const perStep = arm.minibatchSize * arm.gradientAccumulation;
      const total = dpoSteps(arm, learned.length);
      const probeEvery = Math.max(1, Math.ceil(total / PROBES));
      // So that every probe is recorded.
      const metricsEvery = Math.min(pace.metricsEvery, probeEvery);
      const { learningRate: peak, schedule: kind, warmupRatio } = arm;
      let pending: Metrics = saved?.pending ?? {};
      await loop(
        context,
        {
          total,
          saveEvery: pace.checkpointEvery,
          metricsEvery,
          step: async (index) => {
            if (index % probeEvery === 0) {
              const found = await probe.measure(policy);
              recordSamples(context, found, { step: index + 1, format, beta: arm.beta });
              watch.see(found.metrics, index + 1);
              const { generation, kl } = found;
              pending = {
                ...found.metrics,
                ...distributionMetrics({ lengths: generation.lengths, kl, logRatios: kl }),
              };
            }
            const learningRate = learningRateAt({ kind, learningRate: peak, totalSteps: total, warmupRatio }, index);
            const chosen = await referred(order.next(perStep));
            const { loss, gradNorm, metrics } = await step.run(
              state,
              dpoBatches(chosen, shape),
              learningRate,
              shared.buffers,
            );
            const own = { "dpo/loss": loss, "dpo/gradNorm": gradNorm, "dpo/learningRate": learningRate };
            const values = { ...own, ...metrics, ...pending };
            // A probe goes along with the next step that is recorded.
            if ((index + 1) % metricsEvery === 0) pending = {};
            return { values, tokens: tokensOf(chosen) };
          },
          save: () => {
            const json: SavedDpo = { data: order.state, history: watch.ends, pending };
            const tensors = new Map([...state.fetched(), ...fetchedLogprobs(said)]);
            return Promise.resolve({ json: jsonOf(json), tensors });
          },
        },
        snapshot?.step ?? 0,
      );
      const accuracy = await heldOutAccuracy(toMeasure, scorers.of(config), policy);
      if (accuracy !== undefined)
        context.report({ kind: "metrics", step: total, values: { "dpo/heldOutAccuracy": accuracy } });
      await saveTrained(context.folder, start, state.fetchedWeights(), {
        base: base?.folder,
        ...(saveAs && { saveAs }),
      });
    } finally {
      held.release();
      await list.release();
    }
  },
  cost(
    { arm, task, pairs: { count, heldOut, maxLength }, lora: _lora, ...frozen },
    { model, recomputation, precision, stored, files: { data, prompts }, counts: { reference = 1 } },
  ) {
    const length = sequenceLength(task, {
      maxLength: Math.min(maxLength, model.maxPositions),
      longestRow: data?.longestRow,
    });
    const rows = Math.min(count ?? Infinity, data?.rows ?? Infinity);
    const learned = splitPairs(Number.isFinite(rows) ? rows : 0, heldOut).train;
    const shape = { batchSize: arm.minibatchSize, length };
    const loss = { beta: arm.beta, kind: arm.dpoLoss };
    const steps = dpoSteps(arm, learned);
    const held = heldAs(frozen.frozenWeights, stored);
    const trained = trainingCost({
      model,
      name: "dpo",
      heads: ["language"],
      shape,
      loss: (graph) => dpoNodes(graph, model, { ...shape, loss }),
      gradientAccumulation: arm.gradientAccumulation,
      recomputation,
      precision,
      tokens: 2 * steps * arm.minibatchSize * arm.gradientAccumulation * length,
      data,
      ...held,
    });
    const lengths = responseLengths(task, model, { longestRow: prompts?.longestRow, maxNewTokens: arm.maxNewTokens });
    const probes = Math.min(PROBES, steps) * PROBED_PROMPTS * (lengths.queryLength + lengths.responseLength);
    // Each reference reads the pairs once; a probe is sampled, scored by the policy, and by each reference.
    const read = readingCost(model, {
      ...{ models: reference, areAdapters: model.adapter !== undefined, precision, ...held },
      tokens: reference * 2 * (Number.isFinite(rows) ? rows : 0) * length + (2 + reference) * probes,
      generated: { batchSize: PROBED_PROMPTS, ...lengths },
      scored: { batchSize: PROBED_PROMPTS, ...lengths },
    });
    const { resident, most, mostOnCard } = alternation({ read, scoring: reference, others: [trained] });
    const memoryBytes = trained.memoryBytes - trained.arenaBytes + resident.memoryBytes + most.memoryBytes;
    return {
      parameters: trained.parameters,
      memoryBytes,
      memoryByRole: memoryByRole(memoryBytes, {
        ...{ policy: trained.weightBytes, optimizer: trained.optimizerBytes },
        reference: resident.weightBytes + most.weightBytes,
        activations: resident.memoryBytes - resident.weightBytes + most.memoryBytes - most.weightBytes,
      }),
      cardBytes: trained.cardBytes - trained.cardArenaBytes + resident.cardBytes + mostOnCard.cardBytes,
      savepointBytes: trained.savepointBytes,
      flops: trained.flops + read.flops,
    };
  },
};

interface DpoSlice extends FrozenSlice, LoraSlice, ChatSlice, SaveSlice {
  /** The arm's settings, with one β. */
  readonly arm: DpoConfig;
  readonly pairs: PairSettings;
  readonly task: TaskConfig | undefined;
  /** Prompts that are kept back at the end of the file; 0 for a task. */
  readonly validationPrompts: number;
  readonly seed: number;
}

/** The reward model's pairs. */
interface PairSettings {
  /** Undefined for every line of the data. */
  readonly count: number | undefined;
  readonly heldOut: number;
  readonly maxLength: number;
}

function pairSettings({ reward: { pairs: count, heldOut, maxLength } }: RunConfig): PairSettings {
  return { count, heldOut, maxLength };
}

/** Optimizer steps over n pairs. */
function dpoSteps({ dpoEpochs, minibatchSize, gradientAccumulation }: DpoConfig, n: number): number {
  return Math.max(1, dpoEpochs * Math.ceil(n / (minibatchSize * gradientAccumulation)));
}

/** Parts that are released together, the last first. */
class Held {
  private readonly parts: { release(): void }[] = [];

  add<T extends { release(): void }>(part: T): T {
    this.parts.push(part);
    return part;
  }

  release(): void {
    for (const part of this.parts.reverse()) part.release();
  }
}

function reportUnusable({ report }: StageContext, count: number, file = "preferences"): void {
  if (count === 0) return;
  report({
    kind: "note",
    message: `${count} pairs of ${file} have a response without tokens once cut, and are left out`,
  });
}

function withoutPairs(file: string): DataError {
  const remedy = "give pairs whose prompts are shorter than reward.maxLength, or raise it";
  return new DataError("has no pair to learn from", { file, remedy });
}

/** A savepoint's JSON. */
interface SavedDpo {
  readonly data: DataPosition;
  readonly history: readonly Metrics[];
  /** Of a probe that no recorded step has taken along yet. */
  readonly pending: Metrics;
}

const savedSchema: z.ZodType<SavedDpo> = z.object({
  data: positionSchema,
  history: z.array(z.record(z.string(), numberOrNaN)),
  pending: z.record(z.string(), numberOrNaN),
});

/** Keeps some of a probe's responses for people to read: rewards are DPO's implicit ones, β·(log π − log π_ref). */
function recordSamples(
  context: StageContext,
  { texts, generation, responses, logprobs, kl }: Probe,
  { step, format, beta }: { readonly step: number; readonly format: TrainableModel["format"]; readonly beta: number },
): void {
  const R = generation.responses.length / generation.queries.count;
  for (const [row, response] of responses.slice(0, SAMPLES_KEPT).entries()) {
    const perToken = (x: ArrayLike<number>): number[] =>
      Array.from({ length: response.nTokens }, (_, t) => x[row * R + t] ?? 0);
    const none = Array.from({ length: response.nTokens }, () => null);
    context.sample({
      step,
      prompt: texts[row] ?? "",
      response: response.text,
      ended: response.ended,
      score: null,
      tokens: perToken(generation.responses).map((id) => format.tokenizer.tokenOf(id) ?? ""),
      logprobs: perToken(logprobs),
      kl: perToken(kl),
      rewards: perToken(kl).map((value) => beta * value),
      // There is no critic.
      advantages: none,
      values: none,
    });
  }
}
