import type { Complaint } from "./complaint.ts";
import { rungsOf } from "./halving.ts";
import type { RunConfig } from "./resolved.ts";
import { isTrainerName, useOf } from "./trainer.ts";

/** Arms that grids have made, by the arm that is written; those with one combination have nothing to drop. */
export function halvedArms({ arms, sweep = {}, halving }: RunConfig): ReadonlyMap<string, readonly string[]> {
  if (halving === undefined) return new Map();
  const swept = Object.keys(arms).filter((name) => Object.hasOwn(sweep, name));
  const groups = new Map<string, string[]>();
  for (const name of swept) {
    const of = sweep[name]?.of ?? name;
    groups.set(of, [...(groups.get(of) ?? []), name]);
  }
  return new Map([...groups].filter(([, names]) => names.length > 1));
}

/** The complaint where another trainer would train arms that are halved. */
export const HALVED_ELSEWHERE: Complaint = {
  path: ["halving"],
  message: "needs arms that this engine trains: no other trainer can be stopped at a rung",
  remedy: 'set runtime.cluster.trainer to { "use": { "rlhf": "own" } }, or leave halving out',
};

/** Everything that keeps a config's sweep from being halved; who trains a stage by "auto" is not known before its size is. */
export function checkHalving(config: RunConfig): Complaint[] {
  const { halving, seeds, arms, evaluation, runtime } = config;
  if (halving === undefined) return [];
  const at = (message: string, remedy: string, key: readonly string[] = []): Complaint[] => [
    { path: ["halving", ...key], message, remedy },
  ];
  const halved = [...halvedArms(config).values()].flat();
  if (halved.length === 0) {
    return at(
      "changes nothing: no arm has several combinations",
      'sweep a setting, such as "beta": { "grid": [0.05, 0.2] }',
    );
  }
  if (seeds.length > 1) {
    const remedy = "give one base seed, and train the arms that are left with others in a config of their own";
    return at("goes by one base seed: on several, each would keep other arms", remedy);
  }
  if (evaluation.validationPrompts === 0) {
    return at("goes by the validation split, which is empty", "set evaluation.validationPrompts above 0");
  }
  const { cluster } = runtime;
  if (cluster !== undefined && isTrainerName(useOf(cluster.trainer, "rlhf").use)) return [HALVED_ELSEWHERE];
  return halved
    .flatMap((name): Complaint[] => {
      const { method, betas, iterations } = arms[name] ?? { method: "ppo", betas: [0], iterations: Infinity };
      if (method !== "ppo")
        return at(`cannot halve ${name}: only arms by PPO have rungs`, 'use method "ppo", or leave halving out');
      if (betas.length > 1)
        return at(`cannot halve ${name}, which chooses among several β`, "give a grid of β in place of the list");
      const [first = 0, second = iterations] = rungsOf(iterations, halving.rungs);
      if (first < second) return [];
      const message = `has more rungs than ${name} has iterations for: ${iterations}`;
      return at(message, `use fewer, or at least ${2 ** halving.rungs} iterations`, ["rungs"]);
    })
    .slice(0, 1);
}
