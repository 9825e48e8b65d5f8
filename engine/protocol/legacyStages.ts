import type { RunConfig } from "../config/index.ts";
import { ownValue } from "../common/dictionary.ts";
import { MOST_INPUTS } from "./limits.ts";
import type { StageInfo } from "./stages.ts";

/**
 * Stages of logs from before 2026-12, which spell a stage's facts into its name: "seed-2/salsa (β 0.1) on validation",
 * "salsa vs ppo on inDistribution". The name is kept as the id.
 */
export function legacyStage(name: string): StageInfo {
  const { seed, rest = name } = /^seed-(?<seed>\d{1,15})\/(?<rest>.*)$/.exec(name)?.groups ?? {};
  const { work = rest, benchmark } = /^(?<work>.*) on (?<benchmark>\S+)$/.exec(rest)?.groups ?? {};
  const { a = work, opponent } = /^(?<a>.*) vs (?<opponent>.*)$/.exec(work)?.groups ?? {};
  const { product = a, beta } = /^(?<product>.*) \(β (?<beta>\d+(?:\.\d+)?(?:e[+-]?\d{1,2})?)\)$/.exec(a)?.groups ?? {};
  const kind = legacyKind({ product, beta, benchmark, opponent });
  return {
    id: name,
    kind,
    title: "",
    product,
    role: beta === undefined ? "result" : benchmark === undefined ? "candidate" : "validation",
    inputs: [],
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(beta !== undefined && { beta: Number(beta) }),
    ...(benchmark !== undefined && { benchmark }),
    ...(opponent !== undefined && { opponent }),
  };
}

/** The kind that a name alone gives away; only the keys of their artifacts distinguish a soup from an arm. */
function legacyKind({
  product,
  beta,
  benchmark,
  opponent,
}: Readonly<Record<"product" | "beta" | "benchmark" | "opponent", string | undefined>>): string {
  if (opponent !== undefined) return "judgments";
  if (benchmark !== undefined) return "answers";
  if (product === "base" || product === "preferences" || product === "reward") return product;
  if (beta !== undefined) return "rlhf";
  return /^sft-\d+$/.test(product ?? "") ? "sft" : "";
}

/** Kind of a stage by the key of its artifact, `<kind>-<hash>`. */
export function kindOfKey(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf("-")));
}

/**
 * Stages with their inputs. A log from before 2026-12 names none: there they follow from the config, as
 * the recipe of that time passed results on. Other stages are returned as they are.
 */
export function withLegacyInputs<S extends StageInfo>(
  stages: readonly S[],
  config: RunConfig | undefined,
): readonly S[] {
  if (config === undefined || stages.some(({ inputs }) => inputs.length > 0)) return stages;
  const byProduct = new Map<string, S[]>();
  for (const stage of stages) {
    const known = byProduct.get(stage.product);
    if (known === undefined) byProduct.set(stage.product, [stage]);
    else known.push(stage);
  }
  const position = new Map(stages.map((stage, index) => [stage, index]));
  const place = (stage: S): number => position.get(stage) ?? 0;
  return stages.map((stage) => {
    const kind = stage.kind === "" ? kindByConfig(stage, config) : stage.kind;
    const { products, fits } = neededBy({ ...stage, kind }, config);
    const isNeeded = (other: StageInfo): boolean => other.seed === stage.seed && other.id !== stage.id && fits(other);
    const needed: S[] = [];
    for (const product of products) {
      for (const other of byProduct.get(product) ?? []) {
        if (needed.length === MOST_INPUTS) break;
        if (isNeeded(other)) needed.push(other);
      }
    }
    return { ...stage, kind, inputs: needed.sort((a, b) => place(a) - place(b)).map(({ id }) => id) };
  });
}

function kindByConfig({ product }: StageInfo, { arms, soups }: RunConfig): string {
  if (Object.hasOwn(soups, product)) return "soup";
  const arm = ownValue(arms, product);
  return arm === undefined ? "" : arm.betas.length > 1 ? "choice" : "rlhf";
}

/** Recognizes the stages whose results a stage was given: some of those that work for these products. */
interface Needed {
  readonly products: ReadonlySet<string>;
  readonly fits: (other: StageInfo) => boolean;
}

function neededBy({ kind, product, beta, benchmark, opponent }: StageInfo, config: RunConfig): Needed {
  const { init } = config.reward;
  switch (kind) {
    case "sft":
      return modelsOf("base");
    case "preferences":
      return modelsOf(init);
    case "reward":
      return modelsOf(init, "preferences");
    case "soup": {
      const soup = ownValue(config.soups, product);
      const isByReward = soup?.method === "greedy" && soup.score === "reward";
      return modelsOf(...(soup?.of ?? []), ...(isByReward ? ["reward"] : []));
    }
    case "rlhf": {
      const arm = ownValue(config.arms, product);
      return modelsOf(arm?.init ?? init, ...(arm?.reference ?? []), "reward");
    }
    case "choice":
      return { products: new Set([product]), fits: (other) => other.beta !== undefined };
    case "answers": {
      const isAsked = (other: StageInfo): boolean => other.product === product && isModel(other, beta);
      const isJudge = (other: StageInfo): boolean => other.product === "reward" && isModel(other, undefined);
      return { products: new Set(["reward", product]), fits: (other) => isJudge(other) || isAsked(other) };
    }
    case "judgments":
      return {
        products: new Set([product, ...(opponent === undefined ? [] : [opponent])]),
        fits: (other) => other.benchmark === benchmark && other.kind === "answers" && other.beta === undefined,
      };
    default:
      return { products: new Set(), fits: () => false };
  }
}

/** Recognizes models by their names in the config. */
function modelsOf(...names: readonly string[]): Needed {
  return { products: new Set(names), fits: (other) => isModel(other, undefined) };
}

function isModel(stage: StageInfo, beta: number | undefined): boolean {
  return stage.benchmark === undefined && stage.beta === beta;
}
