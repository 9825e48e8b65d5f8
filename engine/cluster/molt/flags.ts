import { type FlagTable, type SettingsOf, rowsFor } from "../trainer/flagTable.ts";
import { bound, either, number, numbers, off, text, toggle, twice, word } from "../trainer/forms.ts";

/** Programs of Molt. */
export const PROGRAMS = { sft: "molt.cli.train_sft", rl: "molt.cli.train_rl_ray" } as const;
export type MoltProgram = keyof typeof PROGRAMS;

const row = rowsFor<MoltProgram>();

// A straight line down has no word: Molt gives every schedule an end, which those of transformers that have none do not take.
const schedule = word({ constant: "constant_with_warmup", cosine: "cosine_with_min_lr" });
const klKind = word({ kl: "k1", mse: "k2", k3: "k3" });
const checkpointing = either("full", "none");
const offload = either("optimizer", "none");

/**
 * Every setting that goes to Molt 0.2.1, by the flag of each program, with the line of `molt/cli/train_sft.py` and
 * `train_rl_ray.py` where the flag is declared, or of `common_args.py`, which both read. Whatever is not here stays at Molt's
 * default, and is nothing that our settings speak of: refusals.ts and differences.ts say what becomes of those that have no
 * flag.
 */
export const TABLE = [
  // Models and data, as the cluster sees them.
  row("model", text, { sft: "--model.model_name_or_path:173", rl: "--actor.model_name_or_path:330" }),
  row("reference", text, { rl: "--ref.model_name_or_path:377" }),
  row("referenceIs", text, { rl: "--algo.kl.ref:559" }),
  row("critic", text, { rl: "--critic.model_name_or_path:386" }),
  row("scorer", text, { rl: "--train.agent_path:667" }),
  row("data", text, { sft: "--data.dataset:206", rl: "--data.prompt_dataset:416" }),
  row("inputKey", text, { sft: "--data.input_key:213", rl: "--data.input_key:426" }),
  row("learnsAllTurns", off, { sft: "--data.train_on_last_turn_only:219" }),
  row("appliesChatTemplate", toggle, { rl: "--data.apply_chat_template:442" }),
  row("chatTemplate", text, { sft: "--data.tokenizer_chat_template:217" }),
  row("maxLength", number, { sft: "--data.max_len:212", rl: "--data.max_len:425" }),
  row("seed", number, { sft: "--train.seed:245", rl: "--train.seed:874" }),

  // Optimizer: critic and policy have the same.
  row("learningRate", number, {
    sft: "--adam.lr:common_args.py:159",
    rl: "--actor.adam.lr:common_args.py:159 --critic.adam.lr:common_args.py:159",
  }),
  row("betas", numbers, {
    sft: "--adam.betas:common_args.py:160",
    rl: "--actor.adam.betas:common_args.py:160 --critic.adam.betas:common_args.py:160",
  }),
  row("epsilon", number, {
    sft: "--adam.eps:common_args.py:161",
    rl: "--actor.adam.eps:common_args.py:161 --critic.adam.eps:common_args.py:161",
  }),
  row("weightDecay", number, {
    sft: "--adam.weight_decay:common_args.py:162",
    rl: "--actor.adam.weight_decay:common_args.py:162 --critic.adam.weight_decay:common_args.py:162",
  }),
  row("schedule", schedule, {
    sft: "--lr_scheduler:common_args.py:164",
    rl: "--actor.lr_scheduler:common_args.py:164 --critic.lr_scheduler:common_args.py:164",
  }),
  row("lowestRate", number, {
    sft: "--min_lr_ratio:common_args.py:166",
    rl: "--actor.min_lr_ratio:common_args.py:166 --critic.min_lr_ratio:common_args.py:166",
  }),
  row("warmupRatio", number, {
    sft: "--lr_warmup_ratio:common_args.py:165",
    rl: "--actor.lr_warmup_ratio:common_args.py:165 --critic.lr_warmup_ratio:common_args.py:165",
  }),
  row("maxGradNorm", number, {
    sft: "--max_norm:common_args.py:168",
    rl: "--actor.max_norm:common_args.py:168 --critic.max_norm:common_args.py:168",
  }),

  // Sequences of an optimizer step: batchSize × gradientAccumulation, minibatchSize × gradientAccumulation for PPO.
  row("stepSize", number, { sft: "--train.batch_size:243", rl: "--train.batch_size:869" }),

  // Passes over the data, ppoEpochs over an iteration's rollouts.
  row("epochs", number, { sft: "--train.max_epochs:244", rl: "--train.max_epochs:872" }),

  // PPO.
  row("estimator", text, { rl: "--algo.advantage.estimator:463" }),
  row("beta", number, { rl: "--algo.kl.init_coef:572" }),
  row("klKind", klKind, { rl: "--algo.kl.estimator:548" }),
  row("gamma", number, { rl: "--algo.advantage.gamma:482" }),
  row("lambda", number, { rl: "--algo.advantage.lam:484" }),
  row("whitenAdvantages", off, { rl: "--algo.advantage.no_whiten:490" }),
  row("clipRange", twice, { rl: "--actor.eps_clip_low_high:603" }),
  row("clipRangeValue", number, { rl: "--critic.value_clip:392" }),
  row("entropyCoefficient", number, { rl: "--actor.entropy_coef:621" }),
  row("scoreClip", bound, { rl: "--reward.clip_range:639" }),
  row("batchSize", number, { rl: "--rollout.batch_size:843" }),
  row("samplesPerPrompt", number, { rl: "--rollout.n_samples_per_prompt:863" }),
  row("maxNewTokens", number, { rl: "--rollout.max_new_tokens:856" }),
  row("temperature", number, { rl: "--rollout.temperature:866" }),
  row("topP", number, { rl: "--rollout.top_p:865" }),
  row("waitsForPolicy", toggle, { rl: "--train.force_sync_mode:922" }),

  // Files that are written, and how often.
  row("output", text, { sft: "--ckpt.output_dir:common_args.py:74", rl: "--ckpt.output_dir:common_args.py:74" }),
  row("checkpoints", text, { sft: "--ckpt.path:common_args.py:95", rl: "--ckpt.path:common_args.py:95" }),
  row("checkpointEvery", number, {
    sft: "--ckpt.save_steps:common_args.py:80",
    rl: "--ckpt.save_steps:common_args.py:80",
  }),
  row("keptCheckpoints", number, {
    sft: "--ckpt.dcp_max_num:common_args.py:109",
    rl: "--ckpt.dcp_max_num:common_args.py:109",
  }),
  row("resume", toggle, { sft: "--ckpt.load_enable:common_args.py:123", rl: "--ckpt.load_enable:common_args.py:123" }),
  row("savePolicies", toggle, { sft: "--ckpt.save_hf:common_args.py:83", rl: "--ckpt.save_hf:common_args.py:83" }),
  row("keptPolicies", number, { sft: "--ckpt.max_num:common_args.py:101", rl: "--ckpt.max_num:common_args.py:101" }),
  row("metricsEvery", number, {
    sft: "--logger.logging_steps:common_args.py:173",
    rl: "--logger.logging_steps:common_args.py:173",
  }),
  row("metrics", text, {
    sft: "--logger.tensorboard_dir:common_args.py:183",
    rl: "--logger.tensorboard_dir:common_args.py:183",
  }),
  row("metricsName", text, {
    sft: "--logger.wandb.run_name:common_args.py:179",
    rl: "--logger.wandb.run_name:common_args.py:179",
  }),

  // Cards and memory.
  row("nodes", number, { rl: "--actor.num_nodes:904 --ref.num_nodes:906" }),
  row("cardsPerNode", number, { rl: "--actor.num_gpus_per_node:905 --ref.num_gpus_per_node:907" }),
  row("sharesCards", toggle, { rl: "--train.colocate_fsdp_models:909" }),
  row("samplers", number, { rl: "--vllm.num_engines:670" }),
  row("tensorParallel", number, { rl: "--vllm.tensor_parallel_size:673" }),
  row("samplingMemory", number, { rl: "--vllm.gpu_memory_utilization:731" }),
  row("syncBackend", text, { rl: "--vllm.sync_backend:696" }),
  row("microBatchSize", number, {
    sft: "--train.micro_batch_size:242",
    rl: "--train.micro_batch_size:870 --rollout.micro_batch_size:854",
  }),
  row("gradientCheckpointing", checkpointing, {
    sft: "--model.gradient_checkpoint:175",
    rl: "--actor.gradient_checkpoint:332",
  }),
  row("precision", text, { sft: "--fsdp.param_dtype:common_args.py:55", rl: "--fsdp.param_dtype:common_args.py:55" }),
  row("offload", offload, { sft: "--fsdp.offload:common_args.py:40", rl: "--fsdp.offload:common_args.py:40" }),
  row("attention", text, {
    sft: "--fsdp.attn_implementation:common_args.py:58",
    rl: "--fsdp.attn_implementation:common_args.py:58",
  }),
] as const;

/** Settings of a stage as they go to Molt. */
export type MoltSettings = SettingsOf<(typeof TABLE)[number]>;

/** The same with the programs' modules. */
export const MOLT_FLAGS: FlagTable<MoltProgram> = { programs: PROGRAMS, rows: TABLE };
