import type { RunConfig } from "../../engine/config/index.ts";
import { withLegacyInputs } from "../../engine/protocol/legacyStages.ts";
import { isDone } from "../../engine/protocol/runProgress.ts";
import type { StageState, StageStatus } from "../../engine/protocol/runState.ts";
import { isOfArm } from "../../engine/protocol/armStages.ts";

/** Kinds of nodes that have words of their own; another stage brings its title. */
export type NodeKind = "base" | "sft" | "preferences" | "reward" | "soup" | "arm" | "answers" | "judgments" | "other";

/** Stages that stand for one thing: a model, an arm with its candidates, all answers to a benchmark. */
export interface PipelineNode {
  readonly id: string;
  readonly kind: NodeKind;
  /** Name of the product or of the benchmark. */
  readonly name: string;
  readonly stages: readonly StageState[];
  readonly status: StageStatus;
  readonly nDone: number;
  /** Candidates for β, each with its training and its answers to the validation split. */
  readonly candidates: readonly Candidate[];
  /** Ids of nodes that it is made from. */
  readonly uses: readonly string[];
  /** Of an arm: the models that its policy starts from and is held to. */
  readonly init?: string;
  readonly reference?: readonly string[];
  /** Seconds that were spent on it. */
  readonly seconds: number;
}

export interface Candidate {
  readonly beta: number;
  readonly status: StageStatus;
  readonly stages: readonly StageState[];
}

/** The pipeline of one base seed. */
export interface Lane {
  /** Undefined where the run has one only. */
  readonly seed: number | undefined;
  readonly nodes: readonly PipelineNode[];
}

/**
 * A run's stages as graphs, one a base seed. The config gives arms the names of their models, and logs that name no
 * inputs their edges; it may not have come yet.
 */
export function pipelineOf(stages: readonly StageState[], config: RunConfig | undefined): readonly Lane[] {
  const bySeed = Map.groupBy(withLegacyInputs(stages, config), ({ seed }) => seed);
  return [...bySeed].map(([seed, of]) => ({
    seed: bySeed.size === 1 ? undefined : seed,
    nodes: nodesOf(of, config),
  }));
}

function nodesOf(stages: readonly StageState[], config: RunConfig | undefined): readonly PipelineNode[] {
  // Arms go on from a rung that they have led to: as edges, both ways would be a circle.
  const makers = stages.filter(({ kind }) => kind !== "halving");
  const nodeOf = new Map(makers.map((stage) => [stage.id, nodeId(stage)]));
  return [...Map.groupBy(stages, nodeId)].map(([id, of]) => {
    const kind = kindOf(of);
    const [first] = of;
    const name = (first?.role === "result" ? first.benchmark : undefined) ?? first?.product ?? "";
    const arm = kind === "arm" ? config?.arms[name] : undefined;
    const inputs = of.flatMap((stage) => stage.inputs.flatMap((input) => nodeOf.get(input) ?? []));
    return {
      id,
      kind,
      name,
      stages: of,
      ...summed(of),
      candidates: candidatesOf(of),
      uses: [...new Set(inputs)].filter((one) => one !== id),
      ...(arm !== undefined && { init: arm.init, reference: arm.reference }),
    };
  });
}

/** Stages that every run has by these names: in old logs, a soup or an arm may have one of them. */
const RESERVED: ReadonlySet<string> = new Set(["base", "preferences", "reward"]);

/** All work of a kind on a benchmark is one node, such as answers; an arm's candidates and their choosing belong to it. */
function nodeId({ kind, product, role, benchmark }: StageState): string {
  if (role === "result" && benchmark !== undefined) return `${kind} ${benchmark}`;
  return product === kind && RESERVED.has(kind) ? kind : `model ${product}`;
}

function kindOf(stages: readonly StageState[]): NodeKind {
  const [first] = stages;
  if (first === undefined) return "other";
  if (stages.some(isOfArm)) return "arm";
  switch (first.kind) {
    case "base":
    case "sft":
    case "preferences":
    case "reward":
    case "soup":
    case "answers":
    case "judgments":
      return first.kind;
    default:
      return "other";
  }
}

function candidatesOf(stages: readonly StageState[]): readonly Candidate[] {
  const groups = Map.groupBy(
    stages.filter(({ role, rung }) => role !== "result" && rung === undefined),
    ({ beta = NaN }) => beta,
  );
  return [...groups].map(([beta, of]) => ({ beta, stages: of, status: summed(of).status }));
}
/** Status, progress and time of several stages together. */
function summed(stages: readonly StageState[]): Pick<PipelineNode, "status" | "nDone" | "seconds"> {
  const statuses = new Set(stages.map(({ status }) => status));
  const nDone = stages.filter(isDone).length;
  const results = stages.filter(({ role }) => role === "result");
  const isDropped = results.length > 0 && results.every((stage) => stage.status === "dropped");
  const status = statuses.has("failed")
    ? "failed"
    : statuses.has("running")
      ? "running"
      : statuses.has("stopped")
        ? "stopped"
        : nDone < stages.length
          ? "waiting"
          : isDropped
            ? "dropped"
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
