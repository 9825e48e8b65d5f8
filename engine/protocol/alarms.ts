import { trainingKind } from "./armStages.ts";
import type { MetricName } from "./catalogue.ts";
import { filledIn } from "../common/format.ts";
import { paceOf } from "./runProgress.ts";
import type { AlarmState, RunState, StageState } from "./runState.ts";

/** Something to try, and the settings that it is about. */
export interface AlarmAction {
  /** An imperative without a full stop: "Raise beta". */
  readonly text: string;
  /** Paths in a run config; an arm may set those of rlhf for itself. */
  readonly settings: readonly string[];
  /** The one kind of stage that it helps, such as "dpo", which reads few of PPO's settings; any, unless given. */
  readonly only?: string;
}

/** An alarm's texts. */
export interface AlarmEntry {
  /** As in events: "lengthCollapse". */
  readonly name: string;
  readonly label: string;
  /** Its possible meaning and consequence. */
  readonly why: string;
  /** The likeliest help first. */
  readonly actions: readonly AlarmAction[];
  /** Every text that may describe the finding, with {0}, {1} and so on where values stand, in this order. */
  readonly seen: readonly string[];
  /** Curves that show it. */
  readonly metrics: readonly MetricName[];
}

const raiseBeta: AlarmAction = { text: "Raise beta", settings: ["rlhf.beta"] };
const slower: AlarmAction = { text: "Lower the learning rate", settings: ["rlhf.learningRate"] };
/** Stages that PPO trains in, and DPO. */
const [PPO, DPO] = ["rlhf", "dpo"] as const;
const fewerPasses: AlarmAction = {
  ...{ text: "Make fewer passes over the pairs", settings: ["rlhf.dpoEpochs"], only: DPO },
};

/** Describes a run that is stalled: with the usual time of its steps, where that is known. */
const STALLED = {
  usual: "the run has reported nothing for {0}, though its steps take {1}",
  silent: "the run has reported nothing for {0}",
} as const;
/** Durations in descriptions of findings. */
export const ALARM_DURATIONS = ["{0} ms", "{0} s", "{0} minutes", "{0} hours"] as const;

/** Every alarm that a run or its watchers may raise. */
export const ALARMS = [
  {
    name: "nonFinite",
    label: "Not a number",
    why: "A metric is infinite or not a number: every weight that it touches is lost from there on.",
    actions: [
      slower,
      { text: "Clip the gradient norm", settings: ["rlhf.maxGradNorm"] },
      { text: "Resume from the last checkpoint", settings: ["runtime.checkpointEvery"] },
    ],
    seen: ["{0} is {1}"],
    metrics: ["loss/total", "policy/gradNorm", "objective/kl"],
  },
  {
    name: "negativeKl",
    label: "Negative KL",
    why: "A true KL is never negative, so sampling and log-probs use different distributions, or the policy has found tokens whose estimate of the KL is below 0; the penalty then pays for leaving the reference.",
    actions: [
      {
        text: "Sample from the whole distribution (temperature 1, top-k 0, top-p 1)",
        settings: ["rlhf.temperature", "rlhf.topK", "rlhf.topP"],
        only: PPO,
      },
      { text: "Use an estimate that is never negative", settings: ["rlhf.klKind"], only: PPO },
      { text: "Look at later steps: an estimate from few samples is noisy", settings: [], only: DPO },
    ],
    seen: ["KL to the reference is {0} nats, and a true KL is never negative"],
    metrics: ["objective/kl", "policy/ratio"],
  },
  {
    name: "lengthCollapse",
    label: "KL-hack: responses collapse",
    why: "The penalty adds up over tokens, so an empty response costs nothing: the policy escapes it by ending at once (SALSA, appendix A.4).",
    actions: [
      { text: "Lower beta", settings: ["rlhf.beta"], only: PPO },
      { text: "Let a short response cost as much as a long one", settings: ["rlhf.betaByLength"], only: PPO },
      {
        text: "Take points off responses that are too short",
        settings: ["rlhf.minLength", "rlhf.shortPenalty"],
        only: PPO,
      },
      {
        text: "Use the forward KL, which grows where the policy drops what the reference says",
        settings: ["rlhf.klKind"],
        only: PPO,
      },
      { ...raiseBeta, only: DPO },
      { ...slower, only: DPO },
      { text: "Start nearer to the reference", settings: ["rlhf.init", "rlhf.reference"] },
      { text: "Let the controller find beta", settings: ["rlhf.klController", "rlhf.klTarget"], only: PPO },
    ],
    seen: [
      "responses shrank from {0} to {1} tokens; the policy may be escaping the KL penalty by ending at once (SALSA's KL-hack)",
    ],
    metrics: ["rollout/length", "objective/kl", "rollout/eosRate", "objective/score"],
  },
  {
    name: "gibberish",
    label: "Gibberish",
    why: "The policy has left the reference so far, or become so unsure of its tokens, that its text is likely to be noise which the reward model was never trained to judge.",
    actions: [
      raiseBeta,
      slower,
      { text: "Learn less from each batch", settings: ["rlhf.ppoEpochs", "rlhf.clipRange"], only: PPO },
      fewerPasses,
    ],
    seen: [
      "KL is {0} nats per token; the policy has left the reference and may write gibberish",
      "entropy per token grew {0} times since the start; text may be turning to noise",
    ],
    metrics: ["objective/kl", "policy/entropy", "objective/entropy", "objective/gold"],
  },
  {
    name: "entropyCollapse",
    label: "Entropy collapse",
    why: "Responses are becoming all alike: without exploration, the policy stops learning.",
    actions: [raiseBeta, { text: "Add an entropy bonus", settings: ["rlhf.entropyCoefficient"], only: PPO }, slower],
    seen: ["entropy per token fell to {0} % of its start; responses are becoming all alike"],
    metrics: ["policy/entropy", "objective/entropy", "objective/scoreStd"],
  },
  {
    name: "skippedMinibatch",
    label: "Skipped minibatches",
    why: "The policy moved so far within one batch that the ratio of new to old probabilities means little; such minibatches count 0, so part of the work is thrown away.",
    actions: [
      slower,
      { text: "Make fewer passes over a batch", settings: ["rlhf.ppoEpochs"], only: PPO },
      { text: "Raise the threshold", settings: ["rlhf.ratioThreshold"], only: PPO },
    ],
    seen: ["{0} % of the minibatches had a mean ratio over the threshold, so their loss counted 0"],
    metrics: ["policy/skipped", "policy/ratio", "policy/approxKl", "policy/clipFraction"],
  },
  {
    name: "rewardHacking",
    label: "Reward hacking",
    why: "The policy exploits errors of the reward model: the score still rises while the responses get worse (Gao et al. 2022, arXiv:2210.10760).",
    actions: [
      raiseBeta,
      { text: "Stop earlier", settings: ["rlhf.iterations"], only: PPO },
      fewerPasses,
      { text: "Train the reward model on more pairs", settings: ["reward.pairs", "reward.epochs"], only: PPO },
      { text: "Use a soup as the reference", settings: ["rlhf.reference"] },
    ],
    seen: [
      "the reward model's score rose from {0} to {1} while the gold score fell from {2} to {3}",
      "the reward model's score rose from {0} to {1} while the KL to the reference ran away to {2} nats, {3} a token",
    ],
    metrics: ["objective/score", "objective/gold", "objective/kl", "rollout/length"],
  },
  {
    name: "stalled",
    label: "Stalled",
    why: "The run's process is alive, but it has reported nothing for much longer than its steps take: the machine may be asleep or swapping, or the process may hang.",
    actions: [
      { text: "Look at the engine's log and at the machine's free memory", settings: [] },
      { text: "Stop the run and resume it", settings: [] },
      { text: "Use fewer threads or smaller batches", settings: ["runtime.threads", "rlhf.minibatchSize"] },
    ],
    seen: [STALLED.usual, STALLED.silent],
    metrics: ["throughput/tokensPerSecond", "process/memory"],
  },
  {
    name: "waiting",
    label: "Waiting for another run",
    why: "Another process is making the same artifact; this run continues with it as soon as it is ready, and nothing is computed twice.",
    actions: [
      { text: "Leave both alone", settings: [] },
      { text: "Stop this run if the other is the one you want", settings: [] },
    ],
    seen: ["waiting for process {0}, which is making the same artifact"],
    metrics: [],
  },
  {
    name: "damaged",
    label: "Damaged artifact",
    why: "A finished result differs from what was written, or was computed from one that does: it was moved aside, and its stage runs again. Do not rely on tables and models that were made from it before.",
    actions: [
      { text: "List what was computed from it (salsa verify --all)", settings: [] },
      { text: "Look at the disk", settings: [] },
      { text: "Use another folder for runs", settings: ["runtime.directory"] },
    ],
    seen: [
      "{0}: {1}; it was moved to {2} and is made again",
      "{0}: {1}; it was moved to {2} and is made again, and so is what was computed from it: {3}",
    ],
    metrics: [],
  },
] as const satisfies readonly AlarmEntry[];

/**
 * Describes an alarm; one that is not in the catalogue, such as a newer version's, is its own label. The advice is cut to
 * the kinds of stages that raised it, "rlhf" or "dpo"; it is whole unless these are given.
 */
export function describeAlarm(name: string, kinds?: readonly string[]): AlarmEntry {
  const unknown: AlarmEntry = { name, label: name, why: "", actions: [], seen: [], metrics: [] };
  const entry = ALARMS.find((known): known is (typeof ALARMS)[number] => known.name === name) ?? unknown;
  const actions: readonly AlarmAction[] = entry.actions;
  const helps = ({ only }: AlarmAction): boolean => only === undefined || kinds === undefined || kinds.includes(only);
  return { ...entry, actions: actions.filter(helps) };
}

/** Kinds of the trainings that some alarms were raised in, for `describeAlarm`; undefined where they are not known. */
export function kindsOf(
  alarms: readonly Pick<AlarmState, "stage">[],
  stages: readonly Pick<StageState, "id" | "kind">[],
): readonly string[] | undefined {
  const raised = new Set(alarms.map(({ stage }) => stage));
  const kinds = stages.filter(({ id }) => raised.has(id)).map(({ kind }) => trainingKind(kind));
  return kinds.length === 0 ? undefined : kinds;
}

/**
 * The observation and the advice to the kind of stage that raises it, in one line: "entropy fell to 5 % of its start: raise
 * beta, or add an entropy bonus".
 */
export function alarmMessage(name: string, seen: string, kind?: string): string {
  const advice = adviceOf(describeAlarm(name, kind === undefined ? undefined : [kind]));
  return advice === "" ? seen : `${seen}: ${advice}`;
}

/** The observation, without the advice that ends the message, which earlier versions gave alike for all stages. */
export function seenOf({ name, message }: Pick<AlarmState, "name" | "message">): string {
  for (const kinds of [undefined, [PPO], [DPO]]) {
    const advice = adviceOf(describeAlarm(name, kinds));
    if (advice !== "" && message.endsWith(`: ${advice}`)) return message.slice(0, -advice.length - 2);
  }
  return message;
}

/** The two likeliest helps. */
function adviceOf({ actions }: AlarmEntry): string {
  return actions
    .slice(0, 2)
    .map(({ text }) => text.charAt(0).toLowerCase() + text.slice(1))
    .join(", or ");
}

/** Usual steps without a word after which a run is stalled; saving and a slow step must not look like it. */
const STEPS_OF_SILENCE = 20;
/** Shortest silence that counts, in ms: machines pause, and file systems stall, for seconds. */
const SHORTEST_SILENCE = 120_000;
/** Silence that counts before any step has shown how long steps take, in ms: large models take minutes to load. */
const FIRST_SILENCE = 600_000;

/**
 * Raises an alarm for a run that says it is at work and has gone silent: its watcher must, as a run that hangs cannot.
 *
 * @param state - Of the run.
 * @param now - Milliseconds since 1970.
 */
export function stalledAlarm(
  state: Pick<RunState, "status" | "stages" | "alarms" | "updatedAt">,
  now: number,
): AlarmState | undefined {
  const { status, stages, updatedAt } = state;
  if (status !== "running" || updatedAt === undefined) return undefined;
  const stage = stages.find((one) => one.status === "running");
  // A stage that waits for another process has reported it, and reports nothing more until that is done.
  const last = state.alarms.findLast((alarm) => alarm.stage === stage?.id);
  if (last?.name === "waiting" && last.time === updatedAt) return undefined;
  const step = stage === undefined ? undefined : stepTime(stage, updatedAt);
  const silence = step === undefined ? FIRST_SILENCE : Math.max(SHORTEST_SILENCE, STEPS_OF_SILENCE * step);
  if (now - updatedAt < silence) return undefined;
  const silent = duration(now - updatedAt);
  const seen =
    step === undefined ? filledIn(STALLED.silent, [silent]) : filledIn(STALLED.usual, [silent, duration(step)]);
  const message = alarmMessage("stalled", seen);
  return { stage: stage?.id ?? "", step: stage?.step ?? 0, name: "stalled", message, time: updatedAt + silence };
}

/** Estimates the time of a stage's step, in ms, by the stage's own estimate of the rest, or else its pace so far. */
function stepTime(stage: StageState, updatedAt: number): number | undefined {
  const { step, total, etaSeconds } = stage;
  if (etaSeconds !== undefined && total > step) return (1000 * etaSeconds) / (total - step);
  const { steps, seconds } = paceOf(stage, updatedAt);
  return steps > 0 ? (1000 * seconds) / steps : undefined;
}

/** "4 minutes", "12 s", "300 ms". */
function duration(ms: number): string {
  const [millis, seconds, minutes, hours] = ALARM_DURATIONS;
  if (ms < 1000) return filledIn(millis, [Math.round(ms)]);
  if (ms < 120_000) return filledIn(seconds, [Math.round(ms / 1000)]);
  return ms < 7_200_000 ? filledIn(minutes, [Math.round(ms / 60_000)]) : filledIn(hours, [Math.round(ms / 3_600_000)]);
}
