import type { Backend } from "../compute/backend.ts";
import type { Graph } from "../compute/graph/tensor.ts";
import { plan } from "../compute/graph/program.ts";
import { cast, concatenate, logprob } from "../compute/ops/index.ts";
import type { ModelConfig } from "./config.ts";
import { outputEmbedding } from "./heads.ts";
import { type ScorerSettings, rolloutStates, runRollouts } from "./score.ts";
import type { Rollouts } from "./sequences.ts";
import { TypedPrograms } from "./typedPrograms.ts";
import { type DeviceWeights, WeightsError } from "./weights.ts";

/**
 * Log-probabilities under the normalised geometric mean of several models' next-token distributions:
 * log π(v) = Σᵢ log πᵢ(v) / n − log Z, at every token. Of all distributions it has the least mean KL to the models: the
 * reference that the mean of the KLs amounts to (arXiv:2502.01203; there over whole responses, here token by token).
 *
 * The mean of logits hᵢ·Wᵢᵀ is one product, of states and embeddings beside each other: [h₁ h₂]/n · [W₁ W₂]ᵀ. So the
 * logits never exist as a whole, as with one model.
 */
export class EnsembleScorer {
  private readonly settings: ScorerSettings;
  private readonly programs: TypedPrograms;

  /**
   * `configs` are those of the models, which share a vocabulary.
   *
   * @throws {WeightsError} when one caps its logits: their mean is none of the products then.
   */
  constructor(backend: Backend, configs: readonly ModelConfig[], settings: ScorerSettings) {
    for (const config of configs) checkUncapped(config);
    this.settings = settings;
    const { batchSize, responseLength, temperature = 1 } = settings;
    const rows = batchSize * responseLength;
    this.programs = new TypedPrograms(backend, (graph: Graph) => {
      const targets = graph.input("targets", [batchSize, responseLength], "i32");
      const parts = configs.map((config, at) => {
        const h = rolloutStates(graph, config, settings, prefixOf(at)).reshape([rows, config.hiddenSize]); // [B·R, C]
        const w = outputEmbedding(h, config, prefixOf(at)); // [V, C]
        return { h: cast(h, "f32").mul(1 / configs.length), w: cast(w, "f32") };
      });
      const h = concatenate(parts.map((part) => part.h)); // [B·R, n·C]
      const w = concatenate(parts.map((part) => part.w)); // [V, n·C]
      const { logprob: logprobs } = logprob(h, w, targets.reshape([rows]), { temperature });
      return plan({ logprobs: logprobs.reshape([batchSize, responseLength]) });
    });
  }

  /**
   * Scores the responses.
   *
   * @param models - In the order of the configs.
   * @returns Nats, `[N, R]`; 0 after each response's end.
   */
  async score(models: readonly DeviceWeights[], rollouts: Rollouts): Promise<Float32Array> {
    const bound = models.map((model, at) => model.bind(prefixOf(at)));
    const variables = Object.assign({}, ...bound) as DeviceWeights["buffers"];
    const { logprobs } = await runRollouts(this.programs, this.settings, rollouts, variables);
    return logprobs ?? new Float32Array(0);
  }

  release(): void {
    this.programs.release();
  }
}

const prefixOf = (at: number): string => `model${at}.`;

/** @throws {WeightsError} */
function checkUncapped({ logitSoftcap }: ModelConfig): void {
  if (logitSoftcap === 0) return;
  const what = `these models cap their logits (at ${logitSoftcap}), and capped logits have no mean that is a model's`;
  throw new WeightsError(`ensemble: ${what}; use "referenceMix": "meanKl"`);
}
