import { formatBytes } from "../../../engine/protocol/format.ts";
import { t } from "../../localize.ts";
import type { ConfigPath } from "../../../engine/config/walk.ts";
import type { ConfigFinding } from "./finding.ts";
import { markOf, nodeAt } from "./tree.ts";
import type { ConfigTree } from "./tree.ts";

/** What `salsa plan --json` tells, as far as memory goes. */
export interface MemoryPlan {
  readonly stages: readonly PlannedStage[];
  readonly backend: string;
}

/** A stage and what it takes. */
export interface PlannedStage {
  /** "sft-1", "seed-2/salsa". */
  readonly name: string;
  /** "sft", "rlhf". */
  readonly stage: string;
  readonly cached: boolean;
  readonly parameters: number;
  readonly memoryBytes: number;
}

/** The wasm backend's memory: what 32 bits can address. */
const WASM_BYTES = 4 * 1024 ** 3;
/** What the process takes besides, as `salsa plan` says. */
const PROCESS_BYTES = 200 * 1024 ** 2;
/** Weights, gradient and two moments, of four bytes. */
const TRAINED_BYTES = 16;

/** Reads the plan's JSON; undefined if it is none. */
export function readPlan(line: unknown): MemoryPlan | undefined {
  const { stages, config } = (line ?? {}) as { stages?: unknown; config?: { runtime?: { backend?: string } } };
  if (!Array.isArray(stages)) return undefined;
  return { stages: stages as PlannedStage[], backend: config?.runtime?.backend ?? "wasm" };
}

/** One warning for each setting that makes a stage larger than memory, about its largest stage. */
export function memoryFindings(tree: ConfigTree, plan: MemoryPlan, machineBytes: number): ConfigFinding[] {
  const isWasm = plan.backend === "wasm";
  const tooLarge = plan.stages.filter(({ cached, memoryBytes }) => {
    return !cached && (memoryBytes + PROCESS_BYTES > machineBytes || (isWasm && memoryBytes > WASM_BYTES));
  });
  const byPlace = new Map<string, ConfigFinding & { readonly bytes: number }>();
  for (const stage of tooLarge) {
    const limit = isWasm ? Math.min(WASM_BYTES, machineBytes) : machineBytes;
    const finding = findingOf(tree, stage, { limit, isWasm: limit === WASM_BYTES });
    const place = `${finding.span.start}`;
    if ((byPlace.get(place)?.bytes ?? 0) < finding.bytes) byPlace.set(place, finding);
  }
  return [...byPlace.values()].map(({ bytes: _, ...finding }) => finding);
}

interface Limit {
  readonly limit: number;
  readonly isWasm: boolean;
}

function findingOf(tree: ConfigTree, stage: PlannedStage, { limit, isWasm }: Limit): ConfigFinding & { bytes: number } {
  const { name, memoryBytes, parameters } = stage;
  const areWeightsTooLarge = parameters * TRAINED_BYTES > limit;
  const [path, remedy] = areWeightsTooLarge
    ? [["model"], t("choose a smaller model")]
    : [driverOf(tree, stage), t("lower it, and raise gradientAccumulation to learn from as much at a time")];
  const node = writtenPart(tree, path);
  const span = node === undefined ? { start: 0, end: 1 } : markOf(tree, node);
  const where = isWasm
    ? t("the wasm backend can use {0}", formatBytes(limit))
    : t("this machine has {0}", formatBytes(limit));
  const message = t("{0} needs {1} of memory by the plan, and {2}", name, formatBytes(memoryBytes), where);
  return { code: "memory", severity: "warning", span, path, message, remedy, bytes: memoryBytes };
}

/** The setting that a stage's activations grow with: of the arm if it is written there. */
function driverOf(tree: ConfigTree, { name, stage }: PlannedStage): ConfigPath {
  if (stage === "rlhf") {
    // "seed-2/salsa", and with a list of β "salsa (β 0.1)".
    const own = name.replace(/^seed-\d+\//, "");
    const arms = (nodeAt(tree, ["arms"])?.children ?? []).map(({ children }) => String(children?.[0]?.value));
    const [arm] = arms.filter((one) => own === one || own.startsWith(`${one} (`));
    const places = [...(arm === undefined ? [] : [["arms", arm, "minibatchSize"]]), ["rlhf", "minibatchSize"]];
    return places.find((path) => nodeAt(tree, path) !== undefined) ?? ["rlhf", "minibatchSize"];
  }
  const section = stage === "base" ? ["model", "pretrain"] : [stage];
  const sized = [
    [...section, "batchSize"],
    [...section, "maxLength"],
  ];
  return sized.find((path) => nodeAt(tree, path) !== undefined) ?? [...section, "batchSize"];
}

/** The setting, the section around it if it is not written, or the preset that brings it. */
function writtenPart(tree: ConfigTree, path: ConfigPath): ReturnType<typeof nodeAt> {
  const parts = path.map((_, index) => path.slice(0, path.length - index));
  return [...parts, ["preset"]].map((part) => nodeAt(tree, part)).find((node) => node !== undefined);
}

/** A warning at each path setting that a tool's message names: a file that is there and cannot be used. */
export function unreadableFinding(
  tree: ConfigTree,
  message: string,
  files: readonly NamedFile[],
): ConfigFinding | undefined {
  const named = files.find(({ file }) => message.startsWith(file));
  const node = named && nodeAt(tree, named.path);
  if (node === undefined || named === undefined) return undefined;
  const { path } = named;
  return { code: "unreadableFile", severity: "warning", span: markOf(tree, node), path, message, remedy: "" };
}

/** A path of a config, made absolute. */
export interface NamedFile {
  readonly path: ConfigPath;
  readonly file: string;
}
