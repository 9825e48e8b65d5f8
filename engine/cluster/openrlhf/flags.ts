import { type FlagTable, type SettingsOf, rowsFor } from "../trainer/flagTable.ts";
import { bound, number, numbers, text, toggle, word } from "../trainer/forms.ts";

/** A program of OpenRLHF: `openrlhf.cli.train_<name>`. */
export const PROGRAMS = {
  sft: "openrlhf.cli.train_sft",
  rm: "openrlhf.cli.train_rm",
  ppo: "openrlhf.cli.train_ppo_ray",
} as const;
export type OpenRlhfProgram = keyof typeof PROGRAMS;

const row = rowsFor<OpenRlhfProgram>();

const schedule = word({ constant: "constant_with_warmup", linear: "linear", cosine: "cosine" });
const klKind = word({ kl: "k1", mse: "k2", k3: "k3" });

/**
 * Every setting that goes to OpenRLHF 0.11.2, by the flag of each program, with the line of `openrlhf/cli/train_sft.py`,
 * `train_rm.py` and `train_ppo_ray.py` where the flag is declared. Whatever is not here stays at OpenRLHF's default, and
 * is nothing that our settings speak of: refusals.ts and differences.ts say what becomes of those that have no flag.
 */
export const TABLE = [
  // Models and data, as the cluster sees them.
  row("model", text, {
    sft: "--model.model_name_or_path:214",
    rm: "--model.model_name_or_path:221",
    ppo: "--actor.model_name_or_path:556",
  }),
  row("reward", text, {
    ppo: "--reward.model_name_or_path:557 --critic.model_name_or_path:559",
  }),
  row("data", text, {
    sft: "--data.dataset:267",
    rm: "--data.dataset:283",
    ppo: "--data.prompt_dataset:566",
  }),
  row("heldOutData", text, { rm: "--eval.dataset:287" }),
  row("inputKey", text, { sft: "--data.input_key:277", ppo: "--data.input_key:581" }),
  row("outputKey", text, { sft: "--data.output_key:278" }),
  row("inputTemplate", text, { sft: "--data.input_template:279" }),
  row("learnsAllTurns", toggle, { sft: "--data.multiturn:275" }),
  row("appliesChatTemplate", toggle, {
    sft: "--data.apply_chat_template:281",
    rm: "--data.apply_chat_template:296",
    ppo: "--data.apply_chat_template:585",
  }),
  row("chatTemplate", text, {
    sft: "--data.tokenizer_chat_template:283",
    rm: "--data.tokenizer_chat_template:298",
  }),
  row("maxLength", number, { sft: "--data.max_len:284", rm: "--data.max_len:299", ppo: "--data.max_len:398" }),
  row("seed", number, { sft: "--train.seed:170", rm: "--train.seed:180", ppo: "--train.seed:419" }),

  // Optimizer: critic and policy have the same.
  row("learningRate", number, {
    sft: "--adam.lr:234",
    rm: "--adam.lr:268",
    ppo: "--actor.adam.lr:502 --critic.adam.lr:502",
  }),
  row("betas", numbers, {
    sft: "--adam.betas:235",
    rm: "--adam.betas:269",
    ppo: "--actor.adam.betas:503 --critic.adam.betas:503",
  }),
  row("epsilon", number, {
    sft: "--adam.eps:236",
    rm: "--adam.eps:270",
    ppo: "--actor.adam.eps:504 --critic.adam.eps:504",
  }),
  row("weightDecay", number, {
    sft: "--adam.weight_decay:237",
    rm: "--adam.weight_decay:271",
    ppo: "--actor.adam.weight_decay:505 --critic.adam.weight_decay:505",
  }),
  row("schedule", schedule, {
    sft: "--lr_scheduler:239",
    rm: "--lr_scheduler:273",
    ppo: "--actor.lr_scheduler:507 --critic.lr_scheduler:507",
  }),
  row("warmupRatio", number, {
    sft: "--lr_warmup_ratio:240",
    rm: "--lr_warmup_ratio:274",
    ppo: "--actor.lr_warmup_ratio:508 --critic.lr_warmup_ratio:508",
  }),
  row("maxGradNorm", number, {
    sft: "--max_norm:243",
    rm: "--max_norm:277",
    ppo: "--actor.max_norm:511 --critic.max_norm:511",
  }),
  // Sequences of an optimizer step: batchSize × gradientAccumulation, minibatchSize × gradientAccumulation for PPO.
  row("stepSize", number, {
    sft: "--train.batch_size:167",
    rm: "--train.batch_size:248",
    ppo: "--train.batch_size:413",
  }),
  // Passes over the data, ppoEpochs over an iteration's rollouts.
  row("epochs", number, {
    sft: "--train.max_epochs:212",
    rm: "--train.max_epochs:243",
    ppo: "--train.max_epochs:397",
  }),

  // The reward model.
  row("margin", toggle, { rm: "--model.margin_loss_enable:246" }),
  row("lossInF32", toggle, { rm: "--model.compute_fp32_loss_enable:245" }),

  // PPO.
  row("estimator", text, { ppo: "--algo.advantage.estimator:515" }),
  row("beta", number, { ppo: "--algo.kl.init_coef:438" }),
  row("klKind", klKind, { ppo: "--algo.kl.estimator:449" }),
  row("gamma", number, { ppo: "--algo.advantage.gamma:411" }),
  row("lambda", number, { ppo: "--algo.advantage.lambd:410" }),
  row("clipRange", number, { ppo: "--actor.eps_clip:406" }),
  row("clipRangeValue", number, { ppo: "--critic.value_clip:409" }),
  row("entropyCoefficient", number, { ppo: "--actor.entropy_coef:469" }),
  row("scoreClip", bound, { ppo: "--reward.clip_range:474" }),
  row("batchSize", number, { ppo: "--rollout.batch_size:392" }),
  row("samplesPerPrompt", number, { ppo: "--rollout.n_samples_per_prompt:433" }),
  row("maxNewTokens", number, { ppo: "--rollout.max_new_tokens:400" }),
  row("temperature", number, { ppo: "--rollout.temperature:418" }),
  row("topP", number, { ppo: "--rollout.top_p:417" }),

  // Files that are written, and how often.
  row("output", text, {
    sft: "--ckpt.output_dir:153",
    rm: "--ckpt.output_dir:165",
    ppo: "--ckpt.output_dir:390",
  }),
  row("checkpoints", text, { sft: "--ckpt.path:159", rm: "--ckpt.path:171", ppo: "--ckpt.path:308" }),
  row("checkpointEvery", number, {
    sft: "--ckpt.save_steps:154",
    rm: "--ckpt.save_steps:166",
    ppo: "--ckpt.save_steps:306",
  }),
  row("keptCheckpoints", number, { sft: "--ckpt.max_num:160", rm: "--ckpt.max_num:172", ppo: "--ckpt.max_num:311" }),
  row("resume", toggle, {
    sft: "--ckpt.load_enable:162",
    rm: "--ckpt.load_enable:174",
    ppo: "--ckpt.load_enable:313",
  }),
  row("savePolicies", toggle, { sft: "--ckpt.save_hf:155", rm: "--ckpt.save_hf:167", ppo: "--ckpt.save_hf:309" }),
  row("saveCritic", toggle, { ppo: "--critic.save_value_network:435" }),
  row("metricsEvery", number, {
    sft: "--logger.logging_steps:157",
    rm: "--logger.logging_steps:169",
    ppo: "--logger.logging_steps:307",
  }),
  row("metrics", text, {
    sft: "--logger.tensorboard_dir:298",
    rm: "--logger.tensorboard_dir:313",
    ppo: "--logger.tensorboard_dir:620",
  }),
  row("metricsName", text, {
    sft: "--logger.wandb.run_name:292",
    rm: "--logger.wandb.run_name:307",
    ppo: "--logger.wandb.run_name:594",
  }),

  // Cards and memory.
  row("nodes", number, {
    ppo: "--actor.num_nodes:213 --ref.num_nodes:200 --reward.num_nodes:202 --critic.num_nodes:215",
  }),
  row("cardsPerNode", number, {
    ppo: "--actor.num_gpus_per_node:214 --ref.num_gpus_per_node:201 --reward.num_gpus_per_node:204 --critic.num_gpus_per_node:216",
  }),
  row("sharesCards", toggle, { ppo: "--train.colocate_all:224" }),
  row("sleeps", toggle, {
    ppo: "--vllm.enable_sleep:245 --ds.enable_sleep:367",
  }),
  row("samplers", number, { ppo: "--vllm.num_engines:232" }),
  row("tensorParallel", number, { ppo: "--vllm.tensor_parallel_size:235" }),
  row("samplingMemory", number, { ppo: "--vllm.gpu_memory_utilization:251" }),
  row("syncBackend", text, { ppo: "--vllm.sync_backend:240" }),
  row("microBatchSize", number, {
    sft: "--train.micro_batch_size:166",
    rm: "--train.micro_batch_size:247",
    ppo: "--train.micro_batch_size:412 --rollout.micro_batch_size:396",
  }),
  row("gradientCheckpointing", toggle, {
    sft: "--model.gradient_checkpointing_enable:168",
    rm: "--model.gradient_checkpointing_enable:178",
    ppo: "--actor.gradient_checkpointing_enable:328",
  }),
  row("zeroStage", number, { sft: "--ds.zero_stage:178", rm: "--ds.zero_stage:188", ppo: "--ds.zero_stage:327" }),
  row("precision", text, { sft: "--ds.param_dtype:180", rm: "--ds.param_dtype:190", ppo: "--ds.param_dtype:331" }),
  row("offload", toggle, { sft: "--ds.adam_offload:187", rm: "--ds.adam_offload:197", ppo: "--ds.adam_offload:341" }),
  row("attention", text, {
    sft: "--ds.attn_implementation:189",
    rm: "--ds.attn_implementation:199",
    ppo: "--ds.attn_implementation:343",
  }),
  row("packs", toggle, {
    sft: "--ds.packing_samples:264",
    rm: "--ds.packing_samples:280",
    ppo: "--ds.packing_samples:375",
  }),
] as const;

/** Settings of a stage as they go to OpenRLHF. */
export type OpenRlhfSettings = SettingsOf<(typeof TABLE)[number]>;

/** The same with the programs' modules. */
export const OPENRLHF_FLAGS: FlagTable<OpenRlhfProgram> = { programs: PROGRAMS, rows: TABLE };
