import type { TableEntry } from "../evaluation/table.ts";
import type { ArmConfig, RunConfig } from "../config/index.ts";
import { answers, VALIDATION } from "./stages/answers.ts";
import { baseModel } from "./stages/baseModel.ts";
import { choose } from "./stages/choose.ts";
import { judge } from "./stages/judge.ts";
import { preferences } from "./stages/preferences.ts";
import { rewardModel } from "./stages/rewardModel.ts";
import { rlhf, withBeta } from "./stages/rlhf.ts";
import { sft } from "./stages/sft.ts";
import { soup, soupIdentity } from "./stages/soup.ts";
import type { Artifact, Steps } from "./step.ts";
import { jsonOf } from "./training.ts";

/** Everything that one base seed's recipe made. */
export interface SeedResult {
  readonly seed: number;
  /** By the names of the config: `base`, `sft-1`, soups, arms. */
  readonly models: ReadonlyMap<string, Artifact>;
  readonly reward: Artifact;
  readonly answers: readonly { readonly model: string; readonly benchmark: string; readonly artifact: Artifact }[];
  readonly judgments: readonly (Pick<TableEntry, "benchmark" | "a" | "b"> & { readonly artifact: Artifact })[];
}

/** SALSA: for every base seed, several SFTs of one base, a reward model, their soups, PPO against each reference. */
export async function salsa(run: Steps): Promise<readonly SeedResult[]> {
  const results: SeedResult[] = [];
  for (const seed of run.config.seeds) results.push(await recipe(run, seed));
  return results;
}

async function recipe(run: Steps, seed: number): Promise<SeedResult> {
  const { config } = run;
  const named = (name: string): string => (config.seeds.length > 1 ? `seed-${seed}/${name}` : name);
  const data = await fingerprints(run);
  const models = new Map<string, Artifact>();
  const model = (name: string): Artifact => known(models, name);

  models.set("base", await baseOf(run, seed, named("base")));
  for (const sftSeed of config.sft.seeds) {
    const name = `sft-${sftSeed}`;
    models.set(name, await run.step(sft, { base: model("base"), seed, sftSeed, data: data.sft }, named(name)));
  }

  const init = model(config.reward.init);
  const pairs = config.task && (await run.step(preferences, { model: init, seed }, named("preferences")));
  const reward = await run.step(rewardModel, { init, pairs, data: data.preferences, seed }, named("reward"));

  for (const [name, settings] of Object.entries(config.soups)) {
    const of = settings.of.map(model);
    const heldOut = { reward: rewardOf(settings, reward), data: heldOutOf(settings, data) };
    const input = { of, settings: soupIdentity(settings, config), ...heldOut, seed };
    models.set(name, await run.step(soup, input, named(name)));
  }

  for (const [name, arm] of Object.entries(config.arms)) {
    const ppo = { init: model(arm.init), reference: arm.reference.map(model), reward, data: data.prompts, seed };
    models.set(name, await trained(run, arm, ppo, named(name)));
  }

  return { seed, models, reward, ...(await evaluated(run, { models, reward, seed }, named)) };
}

async function baseOf(run: Steps, seed: number, name: string): Promise<Artifact> {
  const { model } = run.config;
  return "checkpoint" in model ? run.external(model.checkpoint, name) : run.step(baseModel, { seed }, name);
}

type RlhfInput = Omit<Parameters<typeof rlhf.run>[1], "settings">;

/** An arm trained; with several candidates for β, the one that does best on the validation split. */
async function trained(run: Steps, arm: ArmConfig, input: RlhfInput, name: string): Promise<Artifact> {
  const train = (beta: number, as: string): Promise<Artifact> =>
    run.step(rlhf, { ...input, settings: jsonOf(withBeta(arm, beta)) }, as);
  const [only, ...others] = arm.betas;
  if (only !== undefined && others.length === 0) return train(only, name);
  const candidates: Artifact[] = [];
  const validation: Artifact[] = [];
  for (const beta of arm.betas) {
    const candidate = await train(beta, `${name} (β ${beta})`);
    const { reward, data, seed } = input;
    const answering = { model: candidate, reward, benchmark: VALIDATION, data, seed };
    candidates.push(candidate);
    validation.push(await run.step(answers, answering, `${name} (β ${beta}) on ${VALIDATION}`));
  }
  return run.step(choose, { candidates, answers: validation, labels: arm.betas }, name);
}

/** Every model's answers to every benchmark, and the judge's word on every pair. */
async function evaluated(
  run: Steps,
  { models, reward, seed }: Pick<SeedResult, "models" | "reward" | "seed">,
  named: (name: string) => string,
): Promise<Pick<SeedResult, "answers" | "judgments">> {
  const { benchmarks, pairs } = run.config.evaluation;
  const answered: SeedResult["answers"][number][] = [];
  const judged: SeedResult["judgments"][number][] = [];
  for (const benchmark of benchmarks) {
    const data = await benchmarkFingerprint(run, benchmark);
    const byModel = new Map<string, Artifact>();
    for (const [name, model] of models) {
      const artifact = await run.step(
        answers,
        { model, reward, benchmark, data, seed },
        named(`${name} on ${benchmark}`),
      );
      byModel.set(name, artifact);
      answered.push({ model: name, benchmark, artifact });
    }
    for (const [a, b] of pairs) {
      const input = { ours: known(byModel, a), theirs: known(byModel, b), names: [a, b] as const, seed };
      judged.push({ benchmark, a, b, artifact: await run.step(judge, input, named(`${a} vs ${b} on ${benchmark}`)) });
    }
  }
  return { answers: answered, judgments: judged };
}

/** A soup depends on the reward model only when it goes by rewards. */
function rewardOf(settings: RunConfig["soups"][string], reward: Artifact): Artifact | undefined {
  return settings.method === "greedy" && settings.score === "reward" ? reward : undefined;
}

/** The file whose end a soup is measured on; null for one that is not measured. */
function heldOutOf(settings: RunConfig["soups"][string], data: DataFingerprints): string | null {
  if (settings.method === "learned") return data.sft;
  if (settings.method !== "greedy") return null;
  return settings.score === "loss" ? data.sft : data.prompts;
}

function known(models: ReadonlyMap<string, Artifact>, name: string): Artifact {
  const found = models.get(name);
  // The config's checks leave no unknown names.
  if (found === undefined) throw new RangeError(`recipe: there is no model called ${name}`);
  return found;
}

interface DataFingerprints {
  readonly sft: string | null;
  readonly preferences: string | null;
  readonly prompts: string | null;
}

async function fingerprints(run: Steps): Promise<DataFingerprints> {
  const { data } = run.config;
  if (data === undefined) return { sft: null, preferences: null, prompts: null };
  const { sft: examples, preferences: pairs, prompts } = data;
  return {
    sft: await run.fingerprint(examples),
    preferences: await run.fingerprint(pairs),
    prompts: await run.fingerprint(prompts),
  };
}

async function benchmarkFingerprint(run: Steps, benchmark: string): Promise<string | null> {
  const file = run.config.data?.benchmarks[benchmark];
  return file === undefined ? null : run.fingerprint(file);
}
