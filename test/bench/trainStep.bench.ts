import type { Backend } from "../../engine/compute/backend.ts";
import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";
import {
  type ModelConfig,
  type Weights,
  parameterCount,
  parseModelConfig,
  sequenceArrays,
} from "../../engine/models/index.ts";
import { TrainState, sftStep } from "../../engine/training/index.ts";
import { REFERENCE, referenceBatch, referenceWeights } from "./referenceModel.ts";
import { type Repeats, type Timing, timeSteps } from "./worker.ts";

type StepBenchOptions = Repeats & { readonly threads: number };

const DEFAULTS: StepBenchOptions = { warmup: 5, repeats: 30, threads: 2 };

/** Times a training step of the reference model on the wasm backend, all tokens in the loss. */
export async function trainStepBench(options: StepBenchOptions = DEFAULTS): Promise<Timing> {
  const { threads } = options;
  const backend = await createWasmBackend({ threads });
  const timing = await timeReferenceStep(backend, options);
  await backend.close();
  return { ...timing, threads, versions: { node: process.versions.node } };
}

/** Times the step on any backend. */
export async function timeReferenceStep(
  backend: Backend,
  repeats: Repeats,
): Promise<Omit<Timing, "threads" | "versions">> {
  const { batch: batchSize, tokens: length } = REFERENCE;
  const config = referenceConfig();
  const state = TrainState.create(backend, checkpointWeights());
  const step = sftStep(backend, config, { batchSize, length, optimizer: { weightDecay: 0.01 } });
  const { ids, targets } = referenceBatch();
  const rows = Array.from({ length: batchSize }, (_, row) => row);
  const inputs = {
    ...sequenceArrays({ tokens: ids, starts: new Int32Array(batchSize) }, rows, batchSize),
    targets,
    tokenWeight: Float32Array.of(1 / targets.length),
  };
  const timing = await timeSteps(async () => (await step.run(state, [inputs], 1e-3)).loss, repeats);
  step.release();
  state.release();
  return timing;
}

/** The weights that every runtime starts from, under their Hugging Face names. */
function checkpointWeights(): Weights {
  const names: Readonly<Record<string, string>> = {
    q: "self_attn.q_proj",
    k: "self_attn.k_proj",
    v: "self_attn.v_proj",
    o: "self_attn.o_proj",
    gate: "mlp.gate_proj",
    up: "mlp.up_proj",
    down: "mlp.down_proj",
    inputNorm: "input_layernorm",
    mlpNorm: "post_attention_layernorm",
    embedding: "model.embed_tokens",
    norm: "model.norm",
    head: "lm_head",
  };
  const renamed = [...referenceWeights()].map(([name, tensor]) => {
    const [layer = "", part = ""] = name.includes(".") ? name.split(".") : ["", name];
    const full = names[part] ?? "";
    return [`${layer === "" ? "" : `model.layers.${layer}.`}${full}.weight`, tensor] as const;
  });
  return new Map(renamed);
}

function referenceConfig(): ModelConfig {
  const config = parseModelConfig({
    architectures: ["LlamaForCausalLM"],
    vocab_size: REFERENCE.vocabulary,
    hidden_size: REFERENCE.width,
    intermediate_size: REFERENCE.hidden,
    num_hidden_layers: REFERENCE.layers,
    num_attention_heads: REFERENCE.heads,
    rope_theta: REFERENCE.theta,
    rms_norm_eps: REFERENCE.eps,
  });
  if (parameterCount(config) !== REFERENCE.parameters) throw new Error("reference model: another number of parameters");
  return config;
}
