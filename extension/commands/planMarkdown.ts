import { t } from "../localize.ts";
import { durationText } from "../runs/labels.ts";
import { formatBytes, formatCount } from "../../engine/protocol/format.ts";
import { inlineCode, markdownTable, plainText } from "./markdown.ts";

/** What `salsa plan --json` prints, as far as it is shown. */
export interface Plan {
  readonly name: string;
  readonly stages: readonly PlannedStage[];
  readonly peakMemoryBytes: number;
  readonly secondsLeft: number;
  readonly config: { readonly runtime: { readonly backend: string } };
}

/** One stage of a plan. */
export interface PlannedStage {
  readonly name: string;
  readonly cached: boolean;
  readonly parameters: number;
  readonly memoryBytes: number;
  readonly estimatedSeconds: number;
}

/** What a plan is held against. */
export interface PlanPlace {
  readonly file: string;
  readonly memoryBytes: number;
}

/** What the process takes besides weights and activations. */
const PROCESS_BYTES = 200 * 2 ** 20;
/** 32-bit addresses: no wasm backend has more, whatever the machine has. */
const WASM_BYTES = 4 * 2 ** 30;

/** A plan for people: what is cached, and what the rest takes. */
export function planMarkdown(plan: Plan, place: PlanPlace): string {
  const { stages } = plan;
  const table = markdownTable(
    [
      { header: t("Stage"), align: "left" },
      { header: t("State"), align: "left" },
      { header: t("Parameters"), align: "right" },
      { header: t("Memory"), align: "right" },
      { header: t("Time"), align: "right" },
    ],
    [...stages.map(stageRow), totalRow(plan)],
  );
  return [
    `# ${t("Plan of {0}", plainText(plan.name))}`,
    `${inlineCode(place.file)}: ${madeText(stages)}`,
    table,
    memoryText(plan, place),
    t(
      "Times are reckoned from the work of each stage and are right to about a factor of two. Nothing was computed or written.",
    ),
  ]
    .join("\n\n")
    .concat("\n");
}

function stageRow({ name, cached, parameters, memoryBytes, estimatedSeconds }: PlannedStage): string[] {
  return [
    plainText(name),
    cached ? t("cached") : t("to do"),
    parameters === 0 ? "–" : formatCount(parameters),
    memoryBytes === 0 ? "–" : formatBytes(memoryBytes),
    cached ? "–" : timeText(estimatedSeconds),
  ];
}

function totalRow({ stages, peakMemoryBytes, secondsLeft }: Plan): string[] {
  const nLeft = stages.filter(({ cached }) => !cached).length;
  const time = nLeft === 0 ? "–" : timeText(secondsLeft);
  const cells = [t("In all"), t("{0} to do", nLeft), "", t("{0} at most", formatBytes(peakMemoryBytes)), time];
  return cells.map((cell) => (cell === "" ? "" : `**${cell}**`));
}

/** Reckoned time: what is shorter is no time. */
export function timeText(seconds: number): string {
  return seconds < 1 ? t("under 1 s") : durationText(seconds);
}

function madeText(stages: readonly PlannedStage[]): string {
  const nMade = stages.filter(({ cached }) => cached).length;
  if (nMade === stages.length) return t("every stage is cached; a run would only put the results together.");
  return t("{0} of {1} stages are cached.", nMade, stages.length);
}

function memoryText({ peakMemoryBytes, config }: Plan, { memoryBytes }: PlanPlace): string {
  const needed = peakMemoryBytes + PROCESS_BYTES;
  const [need, have] = [formatBytes(needed), formatBytes(memoryBytes)];
  if (config.runtime.backend === "wasm" && peakMemoryBytes > WASM_BYTES) {
    return `**${t("This does not fit: the wasm backend holds 4 GiB, and a stage needs {0}.", formatBytes(peakMemoryBytes))}** ${remedy()}`;
  }
  if (needed > memoryBytes) {
    return `**${t("This does not fit: it needs {0} with the process itself, and this machine has {1}.", need, have)}** ${remedy()}`;
  }
  return t("It needs {0} of memory with the process itself; this machine has {1}.", need, have);
}

function remedy(): string {
  return t("Make the model, the batches or the sequences smaller.");
}
