import { type BackendIdentity, identityOf } from "../../compute/backends/choose.ts";
import type { RunConfig } from "../../config/index.ts";
import { countOutcomes } from "../../evaluation/winRates.ts";
import type { Contender, SeedEvidence, SplitRates } from "../../evaluation/claims/evidence.ts";
import { CONTENDERS } from "../../evaluation/claims/evidence.ts";
import { mean } from "../../evaluation/statistics/mean.ts";
import { DataError } from "../../protocol/errors.ts";
import { Artifacts } from "../../storage/artifacts.ts";
import { readAnswers } from "../../storage/formats/answers.ts";
import { type Choice, readChoice } from "../../storage/formats/choice.ts";
import { readComparisons } from "../../storage/formats/comparisons.ts";
import { stableHash } from "../../storage/json.ts";
import { chooseBackend } from "../backends.ts";
import { withLocalCheckpoints } from "../hubCheckpoints.ts";
import { viewOf } from "../modelView.ts";
import { trainerChoice } from "../trainer/trainerPlan.ts";
import { baseFacts } from "../plan.ts";
import type { ArtifactHandle } from "../recipe.ts";
import { type ResolvedRecipe, resolveRecipe } from "../resolve.ts";
import { type SeedResult, salsa } from "../salsa.ts";
import { isInside } from "./grid.ts";
import { type ClaimRoles, armNames } from "./roles.ts";

/** The results of a run of one base seed, by the keys of their artifacts. */
export interface SeedResults {
  /** Hash of the keys of all artifacts. */
  readonly key: string;
  /** The choice of an arm's β. @throws {DataError} */
  choice(arm: string): Promise<Choice>;
  evidence(roles: ClaimRoles): Promise<SeedEvidence>;
}

/**
 * Names the results of a config of one base seed; nothing is computed.
 *
 * @param asked - The config.
 * @param runsRoot - The folder of runs and artifacts: `.salsa`.
 * @param computed - The backend that has computed them; this machine's own unless given.
 */
export async function seedResults(
  asked: RunConfig,
  runsRoot: string,
  computed?: BackendIdentity,
): Promise<SeedResults> {
  const config = await withLocalCheckpoints(asked);
  const artifacts = new Artifacts(runsRoot);
  const { recipe, results } = salsa(config);
  const [result] = results;
  if (result === undefined) throw new RangeError("claims: the config has no base seed");
  const backend = computed ?? identityOf(await chooseBackend(config.runtime));
  // Models that another trainer has made on a cluster have names of their own.
  const placementOf = config.runtime.cluster && trainerChoice(config, await baseFacts(config));
  const resolved = await resolveRecipe(recipe, { artifacts, backend, placementOf, view: await viewOf(config) });
  const sources = { config, result, resolved };
  return {
    key: stableHash(resolved.stages.map(({ artifact }) => artifact.key)),
    choice: (arm) => choiceOf(sources, arm),
    evidence: (roles) => evidenceOf(sources, roles),
  };
}

interface Sources {
  readonly config: RunConfig;
  readonly result: SeedResult;
  readonly resolved: ResolvedRecipe;
}

async function choiceOf({ result, resolved }: Sources, arm: string): Promise<Choice> {
  const handle = result.models.get(arm);
  if (handle === undefined) throw new RangeError(`claims: there is no arm called ${arm}`);
  const { folder } = resolved.artifactOf(handle);
  const choice = await readChoice(folder);
  if (choice !== undefined) return choice;
  throw new DataError("read: no such file", { file: `${folder}/choice.json`, remedy: "run salsa claims again" });
}

async function evidenceOf(sources: Sources, roles: ClaimRoles): Promise<SeedEvidence> {
  const { result } = sources;
  const { ppo, contenders, alphas, soup, members, smallestBeta } = roles;
  const against = (a: string, b: string): Promise<SplitRates> => ratesOf(sources, a, b);
  const rates = await Promise.all(
    CONTENDERS.map(async (part) => [part, await against(contenders[part], ppo)] as const),
  );
  const betas = await Promise.all(
    armNames(roles).map(async (arm) => {
      const { chosen, candidates } = await choiceOf(sources, arm);
      const tried = candidates.map(({ beta }) => beta);
      return { arm, beta: chosen, isInside: isInside(tried, chosen), tried: tried.length };
    }),
  );
  return {
    seed: result.seed,
    rewards: {
      soup: await meanReward(sources, soup),
      members: await Promise.all(members.map((name) => meanReward(sources, name))),
    },
    rates: Object.fromEntries(rates) as Record<Contender, SplitRates>,
    alphas: await Promise.all(alphas.map(async ({ arm, alpha }) => ({ alpha, rates: await against(arm, ppo) }))),
    moreAgainstTwo: await against(contenders.moreMembers, contenders.salsa),
    smallBeta: {
      beta: smallestBeta,
      ppo: lostAt(await choiceOf(sources, ppo), smallestBeta),
      salsa: lostAt(await choiceOf(sources, contenders.salsa), smallestBeta),
    },
    betas,
  };
}

/** Validation score with a β, less that with the best. */
function lostAt({ chosen, candidates }: Choice, beta: number): number {
  const scoreOf = (wanted: number): number =>
    candidates.find((candidate) => candidate.beta === wanted)?.validationScore ?? NaN;
  return scoreOf(beta) - scoreOf(chosen);
}

/** Mean reward of a model's answers to all benchmarks: as many to each. */
async function meanReward({ result, resolved }: Sources, model: string): Promise<number> {
  const means: number[] = [];
  for (const { artifact } of result.answers.filter((one) => one.model === model)) {
    const answers = await readAnswers(resolved.artifactOf(artifact).folder);
    means.push(mean(answers.map(({ reward }) => reward)));
  }
  return mean(means);
}

async function ratesOf({ result, resolved }: Sources, a: string, b: string): Promise<SplitRates> {
  const rate = async (benchmark: keyof SplitRates): Promise<number> => {
    const found = result.judgments.find((one) => one.benchmark === benchmark && one.a === a && one.b === b);
    return adjusted(resolved, found?.artifact);
  };
  return { inDistribution: await rate("inDistribution"), outOfDistribution: await rate("outOfDistribution") };
}

/** Adjusted win rate, per cent; NaN where no comparison counts. */
async function adjusted({ artifactOf }: ResolvedRecipe, handle: ArtifactHandle | undefined): Promise<number> {
  if (handle === undefined) throw new RangeError("claims: a pair was not compared");
  const { wins, losses, ties } = countOutcomes(await readComparisons(artifactOf(handle).folder));
  return (100 * (wins + ties / 2)) / (wins + losses + ties);
}
