import { formatBytes } from "../../../engine/common/format.ts";
import { PROCESS_BYTES } from "../../../engine/common/memory.ts";
import { stageNames } from "../../../engine/protocol/stageName.ts";
import type { PlannedStage, PlanOutput } from "../../../engine/protocol/toolOutput.ts";
import { fromCatalogue, t } from "../../localize.ts";
import { pathText } from "../../../engine/config/locate.ts";
import { presetOf } from "../../../engine/config/merge.ts";
import { shortfallText } from "../../../engine/protocol/shortfalls.ts";
import { type ConfigPath, valueAt } from "../../../engine/config/walk.ts";
import type { ConfigFinding } from "./finding.ts";
import { markOf, nodeAt } from "./tree.ts";
import type { ConfigTree } from "./tree.ts";

/** Weights, gradient and two moments, of four bytes. */
const TRAINED_BYTES = 16;

/** One warning for each setting that makes a stage larger than memory, about its largest stage. */
export function memoryFindings(
  tree: ConfigTree,
  { stages, backend }: Pick<PlanOutput, "stages" | "backend">,
  machineBytes: number,
): ConfigFinding[] {
  const { maxBytes = Infinity } = backend.limits;
  const nameOf = stageNames(stages, fromCatalogue);
  const tooLarge = stages.filter(({ cached, memoryBytes }) => {
    return !cached && (memoryBytes + PROCESS_BYTES > machineBytes || memoryBytes > maxBytes);
  });
  const byPlace = new Map<string, ConfigFinding & { readonly bytes: number }>();
  for (const stage of tooLarge) {
    const limit = Math.min(maxBytes, machineBytes);
    const finding = findingOf(tree, stage, {
      name: nameOf(stage.id),
      limit,
      ...(limit === maxBytes && { backend: backend.name }),
    });
    const place = `${finding.span.start}`;
    if ((byPlace.get(place)?.bytes ?? 0) < finding.bytes) byPlace.set(place, finding);
  }
  return [...byPlace.values()].map(({ bytes: _, ...finding }) => finding);
}

interface Limit {
  /** Display name of the stage. */
  readonly name: string;
  readonly limit: number;
  /** Name of the backend, if the limit is its own. */
  readonly backend?: string;
}

function findingOf(
  tree: ConfigTree,
  stage: PlannedStage,
  { name, limit, backend }: Limit,
): ConfigFinding & { bytes: number } {
  const { memoryBytes, parameters, product, batchSetting } = stage;
  const areWeightsTooLarge = parameters * TRAINED_BYTES > limit;
  const [path, remedy] =
    areWeightsTooLarge || batchSetting === undefined
      ? [["model"], t("choose a smaller model")]
      : [
          driverOf(tree, product, batchSetting),
          t("lower it, and raise gradientAccumulation to keep the effective batch size"),
        ];
  const node = writtenPart(tree, path);
  const span = node === undefined ? { start: 0, end: 1 } : markOf(tree, node);
  const where =
    backend === undefined
      ? t("this machine has {0}", formatBytes(limit))
      : t("the {0} backend can use {1}", backend, formatBytes(limit));
  const message = t("{0} needs an estimated {1} of memory, and {2}", name, formatBytes(memoryBytes), where);
  return { code: "memory", severity: "warning", span, path, message, remedy, bytes: memoryBytes };
}

/** The setting that a stage's memory grows with: of the arm if it is written there. */
function driverOf(tree: ConfigTree, product: string, batchSetting: readonly string[]): ConfigPath {
  const [section, size] = [batchSetting.slice(0, -1), batchSetting.slice(-1)];
  const places = [["arms", product, ...size], batchSetting, [...section, "maxLength"]];
  return places.find((path) => nodeAt(tree, path) !== undefined) ?? batchSetting;
}

/** The setting, the section around it if it is not written, or the preset that brings it. */
function writtenPart(tree: ConfigTree, path: ConfigPath): ReturnType<typeof nodeAt> {
  const parts = path.map((_, index) => path.slice(0, path.length - index));
  return [...parts, ["preset"]].map((part) => nodeAt(tree, part)).find((node) => node !== undefined);
}

/**
 * A warning at each setting that asks for more records than its source has, for settings that are written or that the
 * preset brings: nobody asked for a default.
 */
export function shortfallFindings(tree: ConfigTree, shortfalls: PlanOutput["shortfalls"] = []): ConfigFinding[] {
  return shortfalls.flatMap((one): ConfigFinding[] => {
    const { path } = one;
    const isWritten = nodeAt(tree, path) !== undefined;
    const isOfPreset = valueAt(presetOf(tree.value)?.config, path) !== undefined;
    const node = isWritten || isOfPreset ? writtenPart(tree, path) : undefined;
    if (node === undefined) return [];
    const message = `${pathText(path)} ${shortfallText(one)}`;
    return [{ code: "fewRecords", severity: "warning", span: markOf(tree, node), path, message, remedy: "" }];
  });
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
