import { fromCatalogue, t } from "../localize.ts";
import { timeText } from "../runs/labels.ts";
import { countsText } from "../../engine/protocol/dataCounts.ts";
import { formatBytes, formatCount } from "../../engine/common/format.ts";
import { MEMORY_ROLE_NAMES, PROCESS_BYTES, largestByRole } from "../../engine/common/memory.ts";
import { shortfallLine } from "../../engine/protocol/shortfalls.ts";
import { stageNames } from "../../engine/protocol/stageName.ts";
import type { PlannedStage, PlanOutput } from "../../engine/protocol/toolOutput.ts";
import { codeSpan, literal, markdownTable } from "../../engine/common/markdown.ts";

/** The machine that a plan is compared with. */
export interface PlanPlace {
  readonly file: string;
  readonly memoryBytes: number;
}

/** A plan as Markdown: cached stages, and the time and memory of the others. */
export function planMarkdown(plan: PlanOutput, place: PlanPlace): string {
  const { stages } = plan;
  const nameOf = stageNames(stages, fromCatalogue);
  // Of a run on a cluster: where each stage is made.
  const isOnCluster = stages.some(({ runsOn }) => runsOn !== undefined);
  const withPlace = (row: string[], place = ""): string[] => (isOnCluster ? row.toSpliced(2, 0, literal(place)) : row);
  const table = markdownTable(
    [
      { header: t("Stage"), align: "left" },
      { header: t("State"), align: "left" },
      ...(isOnCluster ? [{ header: t("Made by"), align: "left" } as const] : []),
      { header: t("Parameters"), align: "right" },
      { header: t("Memory"), align: "right" },
      { header: t("Time"), align: "right" },
    ],
    [...stages.map((stage) => withPlace(stageRow(stage, nameOf(stage.id)), stage.runsOn)), withPlace(totalRow(plan))],
  );
  return [
    `# ${t("Plan of {0}", literal(plan.name))}`,
    `${codeSpan(place.file)}: ${madeText(stages)}`,
    table,
    memoryText(plan, place),
    ...rolesText(plan, nameOf),
    ...factsText(plan),
    t(
      "Times are estimated from the work of each stage and are right to about a factor of two. Nothing was computed or written.",
    ),
  ]
    .join("\n\n")
    .concat("\n");
}

function stageRow({ cached, parameters, memoryBytes, estimatedSeconds }: PlannedStage, name: string): string[] {
  return [
    literal(name),
    cached ? t("cached") : t("to do"),
    parameters === 0 ? "–" : formatCount(parameters),
    memoryBytes === 0 ? "–" : formatBytes(memoryBytes),
    cached ? "–" : timeText(estimatedSeconds),
  ];
}

/** Memory of the largest stage of each kind by what it is for, as a table. */
function rolesText({ stages: all }: PlanOutput, nameOf: (id: string) => string): string[] {
  const { stages, roles } = largestByRole(all);
  if (stages.length === 0) return [];
  const table = markdownTable(
    [
      { header: t("Memory of"), align: "left" },
      ...roles.map((role) => ({ header: fromCatalogue(MEMORY_ROLE_NAMES[role]), align: "right" }) as const),
    ],
    stages.map(({ id, memoryByRole = {} }) => [
      literal(nameOf(id)),
      ...roles.map((role) => (memoryByRole[role] === undefined ? "–" : formatBytes(memoryByRole[role]))),
    ]),
  );
  const what = t(
    "The largest stage of each kind, by what its memory is for: weights, the optimizer's moments, activations with gradients and caches, and what the host holds beside them.",
  );
  return [table, what];
}

function totalRow({ stages, peakMemoryBytes, secondsLeft }: PlanOutput): string[] {
  const nLeft = stages.filter(({ cached }) => !cached).length;
  const time = nLeft === 0 ? "–" : timeText(secondsLeft);
  const cells = [t("In all"), t("{0} to do", nLeft), "", t("{0} at most", formatBytes(peakMemoryBytes)), time];
  return cells.map((cell) => (cell === "" ? "" : `**${cell}**`));
}

function madeText(stages: readonly PlannedStage[]): string {
  const nMade = stages.filter(({ cached }) => cached).length;
  if (nMade === stages.length) return t("every stage is cached; a run would only write the tables and the report.");
  return t("{0} of {1} stages are cached.", nMade, stages.length);
}

/** How prompts are put to the model, what is to be known of its checkpoint, and the records of each source, as a list. */
function factsText({ prompts, notes = [], data = [], shortfalls = [] }: PlanOutput): string[] {
  const counts = data.map(({ from, kind, ...found }) => `${kind} ${from}: ${countsText(found)}`);
  const facts = [...shortfalls.map(shortfallLine), prompts ?? "", ...notes, ...counts].filter((fact) => fact !== "");
  return facts.length === 0 ? [] : [facts.map((fact) => `- ${literal(fact)}`).join("\n")];
}

function memoryText({ peakMemoryBytes, backend, advice }: PlanOutput, { memoryBytes }: PlanPlace): string {
  const needed = peakMemoryBytes + PROCESS_BYTES;
  const [need, have] = [formatBytes(needed), formatBytes(memoryBytes)];
  const { maxBytes = Infinity } = backend.limits;
  if (peakMemoryBytes > maxBytes) {
    const [held, taken] = [formatBytes(maxBytes), formatBytes(peakMemoryBytes)];
    return `**${t("This does not fit: the {0} backend holds {1}, and a stage needs {2}.", backend.name, held, taken)}** ${remedy(advice)}`;
  }
  if (needed > memoryBytes) {
    return `**${t("This does not fit: it needs {0} of memory, including the process itself, and this machine has {1}.", need, have)}** ${remedy(advice)}`;
  }
  return t("It needs {0} of memory, including the process itself; this machine has {1}.", need, have);
}

function remedy(advice: string | undefined): string {
  return advice === undefined ? t("Make the model, the batches or the sequences smaller.") : literal(advice);
}
