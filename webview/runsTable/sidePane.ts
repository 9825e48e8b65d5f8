import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, nothing, type ReactiveControllerHost, type TemplateResult } from "lit";
import type { LayoutColumn, MarksChange } from "../../engine/protocol/runsLayout.ts";
import { t } from "../localize.ts";
import { isLoaded } from "../parts/lazily.ts";
import type { ColumnsEvent } from "./columnList.ts";
import type { MarkEvent, MarkedRun } from "./marksPane.ts";
import "./marksPane.ts";
import { type ModelRow, type RunRows, runLabel } from "./rows.ts";

/** The panes that stand beside the table, one at a time. */
export type Pane = "columns" | "marks";

/** The pane that is open, and the run that is renamed in it. */
export class SidePane {
  open: Pane | undefined;
  /** The run that is being renamed, whichever are selected. */
  renamed: ModelRow | undefined;

  /** Opens a pane, or closes it. */
  toggle(pane: Pane): void {
    this.open = this.open === pane ? undefined : pane;
    this.renamed = undefined;
  }

  /** Lets the run of some rows be renamed. @returns False if they are of several, or there are none. */
  rename([first, ...others]: readonly ModelRow[]): boolean {
    if (first === undefined || others.some(({ folder }) => folder !== first.folder)) return false;
    this.open = "marks";
    this.renamed = first;
    return true;
  }

  /** Runs whose name, tags and note are edited: those of the marked rows, unless one is being renamed. */
  edited(marked: readonly ModelRow[], all: RunRows): readonly MarkedRun[] {
    const rows = this.renamed === undefined ? marked : [this.renamed];
    const titles = new Map(rows.map((row) => [row.folder, runLabel(row)] as const));
    return Array.from(titles, ([folder, title]) => ({ folder, title, marks: all.marksOf(folder) }));
  }
}

/** State of the pane beside the table, and what it does. */
export interface SideContent {
  readonly columns: readonly LayoutColumn[];
  readonly rows: RunRows;
  readonly marked: readonly ModelRow[];
  /** Rendered again when a pane's code has come. */
  readonly host: ReactiveControllerHost;
  readonly changeColumns: (columns: readonly LayoutColumn[]) => void;
  readonly mark: (folder: string, change: MarksChange) => void;
  readonly endRenaming: () => void;
  readonly close: (pane: Pane) => void;
}

/** The pane that is open, if one is. */
export function sidePane(side: SidePane, content: SideContent): TemplateResult | typeof nothing {
  const { open } = side;
  if (open === undefined) return nothing;
  const title = open === "columns" ? t("Columns") : t("Name, Tags and Note");
  return html`<aside aria-label=${title}>
    <header>
      <h2>${title}</h2>
      <vscode-button secondary icon="close" aria-label=${t("Close")} @click=${() => content.close(open)}
        >${t("Close")}</vscode-button
      >
    </header>
    ${open === "columns" ? columnsPane(content) : marksPane(side, content)}
  </aside>`;
}

function columnsPane({ columns, rows, host, changeColumns }: SideContent): TemplateResult {
  // Loaded when it is first opened: the table is there sooner.
  isLoaded("salsa-column-list", () => import("./columnList.ts"), host);
  return html`<salsa-column-list
    .columns=${columns}
    .known=${rows.columns}
    .meanings=${rows.meanings}
    @columns=${(event: ColumnsEvent) => changeColumns(event.columns)}
  ></salsa-column-list>`;
}

function marksPane(side: SidePane, { rows, marked, mark, endRenaming }: SideContent): TemplateResult {
  return html`<salsa-marks-pane
    .runs=${side.edited(marked, rows)}
    .used=${[...new Set(rows.rows.flatMap(({ tags }) => tags))].sort()}
    @named=${endRenaming}
    @mark=${({ folder, change }: MarkEvent) => mark(folder, change)}
  ></salsa-marks-pane>`;
}
