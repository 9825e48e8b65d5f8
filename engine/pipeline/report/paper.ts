import { panelFigure, panelSheet } from "../../figures/index.ts";
import { codeSpan, fenced, literal } from "../../common/markdown.ts";
import { type Lack, type RunFigure, readFigureFacts, runFigures } from "../figures/index.ts";
import type { Figure } from "./curves.ts";
import type { RunFacts } from "./facts.ts";

/** A figure of the paper in a report: drawn, or with what it lacks. */
export interface PaperSectionFigure {
  readonly source: string;
  readonly title: string;
  readonly description: string;
  readonly drawn: Figure | undefined;
  readonly lacks: readonly Lack[];
}

/** The paper's figures for a run, as files of its report. @throws {DataError} when what they are drawn from is damaged. */
export async function paperFigures(facts: RunFacts): Promise<readonly PaperSectionFigure[]> {
  const figures = await runFigures(await readFigureFacts(facts.folder, facts));
  return figures.map(({ figure: { name, source, title, description }, spec, lacks }: RunFigure) => ({
    ...{ source, title, description, lacks },
    drawn: spec && {
      file: `figures/paper${name.charAt(0).toUpperCase()}${name.slice(1)}.svg`,
      title: `${source}: ${title}`,
      svg: panelFigure(spec).svg,
      data: panelSheet(spec),
    },
  }));
}

/** The section of the paper's figures: those that are drawn, then what others lack. */
export function paperSection(figures: readonly PaperSectionFigure[]): string {
  const drawn = figures.flatMap(({ source, title, description, drawn: figure, lacks }) =>
    figure === undefined
      ? []
      : [
          `### ${literal(source)}: ${literal(title)}`,
          `${literal(description)}.`,
          `![${literal(figure.title)}](${figure.file})`,
          // How to add it says `salsa figure`, where it need not be said for every run again.
          ...(lacks.length === 0 ? [] : [lacks.map(({ what }) => `- ${literal(what)}`).join("\n")]),
        ],
  );
  const lacking = figures.filter(({ drawn: figure }) => figure === undefined);
  const missing = lacking.flatMap(({ source, title, lacks }) => [
    `**${literal(source)}: ${literal(title)}** needs more than the run has.`,
    ...lacks.flatMap(lackWords),
  ]);
  return [...drawn, ...(missing.length === 0 ? [] : ["### What is not drawn", ...missing])].join("\n\n");
}

function lackWords({ what, snippet, command }: Lack): readonly string[] {
  const how = command === undefined ? "" : `: ${codeSpan(`salsa ${command}`)}`;
  return [
    `${literal(what)}${how}${snippet === undefined ? "." : ". To be added to the config:"}`,
    ...(snippet === undefined ? [] : [fenced(snippet, "json")]),
  ];
}
