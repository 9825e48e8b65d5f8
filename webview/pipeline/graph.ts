import type { RunConfig } from "../../engine/config/index.ts";
import type { StageState, StageStatus } from "../../engine/protocol/runState.ts";
import { type StageName, readStageName } from "./stageNames.ts";

export type NodeKind = "base" | "sft" | "preferences" | "reward" | "soup" | "arm" | "answers" | "judgments" | "other";

/** Stages that stand for one thing: a model, an arm with its candidates, all answers to a benchmark. */
export interface PipelineNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly stages: readonly StageState[];
  readonly status: StageStatus;
  readonly nDone: number;
  /** Candidates for β, each with its training and its answers to the validation split. */
  readonly candidates: readonly Candidate[];
  /** Nodes that it is made from. */
  readonly uses: readonly string[];
  /** Of an arm: what its policy starts from and is held to. */
  readonly init?: string;
  readonly reference?: readonly string[];
  /** Seconds that were spent on it. */
  readonly seconds: number;
}

export interface Candidate {
  readonly label: string;
  readonly status: StageStatus;
  readonly stages: readonly StageState[];
}

/** The pipeline of one base seed. */
export interface Lane {
  /** Undefined where the run has one only. */
  readonly seed: number | undefined;
  readonly nodes: readonly PipelineNode[];
}

interface Named extends StageName {
  readonly stage: StageState;
}

/** A run's stages as graphs, one a base seed. What a config does not tell (it may not have come yet) is left open. */
export function pipelineOf(stages: readonly StageState[], config: RunConfig | undefined): readonly Lane[] {
  const named = stages.map((stage): Named => ({ stage, ...readStageName(stage.id) }));
  const bySeed = Map.groupBy(named, ({ seed }) => seed);
  return [...bySeed].map(([seed, of]) => ({ seed, nodes: nodesOf(of, config) }));
}

function nodesOf(named: readonly Named[], config: RunConfig | undefined): readonly PipelineNode[] {
  const groups = Map.groupBy(named, idOf);
  const ids = new Set(groups.keys());
  return [...groups].map(([id, of]) => {
    const kind = kindOf(of[0], config);
    const arm = kind === "arm" ? config?.arms[id] : undefined;
    const stages = of.map(({ stage }) => stage);
    return {
      id,
      kind,
      stages,
      ...summed(stages),
      candidates: candidatesOf(of),
      uses: usedBy({ id, kind, named: of }, { ids, config }).filter((one) => one !== id && ids.has(one)),
      ...(arm !== undefined && { init: arm.init, reference: arm.reference }),
    };
  });
}

/** Answers and judgments are one node a benchmark; an arm's candidates and their choosing belong to it. */
function idOf({ product, candidate, benchmark, opponent }: Named): string {
  if (benchmark === undefined || candidate !== undefined) return product;
  return opponent === undefined ? `answers ${benchmark}` : `judgments ${benchmark}`;
}

function kindOf(first: Named | undefined, config: RunConfig | undefined): NodeKind {
  if (first === undefined) return "other";
  const { product, candidate, benchmark, opponent } = first;
  if (opponent !== undefined) return "judgments";
  if (benchmark !== undefined && candidate === undefined) return "answers";
  if (product === "base" || product === "preferences" || product === "reward") return product;
  if (candidate !== undefined || (config !== undefined && product in config.arms)) return "arm";
  if (config !== undefined && product in config.soups) return "soup";
  return /^sft-\d+$/.test(product) ? "sft" : "other";
}

interface Known {
  readonly ids: ReadonlySet<string>;
  readonly config: RunConfig | undefined;
}

/** As the recipe (engine/pipeline/salsa.ts) passes models on. */
function usedBy(
  { id, kind, named }: { readonly id: string; readonly kind: NodeKind; readonly named: readonly Named[] },
  { ids, config }: Known,
): readonly string[] {
  const init = config?.reward.init ?? "sft-1";
  switch (kind) {
    case "base":
      return [];
    case "sft":
      return ["base"];
    case "preferences":
      return [init];
    case "reward":
      return [init, "preferences"];
    case "soup": {
      const soup = config?.soups[id];
      const tastes = soup?.method === "greedy" && soup.score === "reward" ? ["reward"] : [];
      return [...(soup?.of ?? []), ...tastes];
    }
    case "arm": {
      const arm = config?.arms[id];
      return [...(arm === undefined ? [init] : [arm.init, ...arm.reference]), "reward"];
    }
    case "answers":
      return named.map(({ product }) => product);
    case "judgments":
      return named.map(({ benchmark = "" }) => `answers ${benchmark}`).slice(0, 1);
    case "other":
      return [...ids].includes("reward") ? ["reward"] : [];
  }
}

function candidatesOf(named: readonly Named[]): readonly Candidate[] {
  const groups = Map.groupBy(
    named.filter(({ candidate }) => candidate !== undefined),
    ({ candidate = "" }) => candidate,
  );
  return [...groups].map(([label, of]) => {
    const stages = of.map(({ stage }) => stage);
    return { label, stages, status: summed(stages).status };
  });
}

/** What several stages come to. */
function summed(stages: readonly StageState[]): Pick<PipelineNode, "status" | "nDone" | "seconds"> {
  const statuses = new Set(stages.map(({ status }) => status));
  const isDone = ({ status }: StageState): boolean => status === "finished" || status === "cached";
  const nDone = stages.filter(isDone).length;
  const status = statuses.has("failed")
    ? "failed"
    : statuses.has("running")
      ? "running"
      : nDone < stages.length
        ? "waiting"
        : statuses.has("finished")
          ? "finished"
          : "cached";
  return { status, nDone, seconds: stages.reduce((sum, { seconds = 0 }) => sum + seconds, 0) };
}

/** Edges without those that longer ways stand for: they would only cross the others. */
export function shownEdges(nodes: readonly PipelineNode[]): readonly (readonly [from: string, to: string])[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const above = new Map<string, ReadonlySet<string>>();
  const ancestors = (id: string): ReadonlySet<string> => {
    const known = above.get(id);
    if (known !== undefined) return known;
    const found = new Set<string>();
    above.set(id, found);
    for (const used of byId.get(id)?.uses ?? []) {
      found.add(used);
      for (const one of ancestors(used)) found.add(one);
    }
    return found;
  };
  return nodes.flatMap(({ id, uses }) => {
    const direct = [...new Set(uses)];
    const isImplied = (one: string): boolean => direct.some((other) => other !== one && ancestors(other).has(one));
    return direct.filter((one) => !isImplied(one)).map((one) => [one, id] as const);
  });
}
