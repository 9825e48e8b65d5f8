import { FIRST_LAYOUT, type LayoutBook, type TableLayout } from "../../engine/protocol/runsLayout.ts";
import type { RunsTableHost } from "./host.ts";
import type { LayoutBar } from "./toolbar.ts";

/** The table whose layout is saved, or replaced by a saved one. */
export interface LaidOut {
  readonly layout: () => TableLayout;
  readonly apply: (layout: TableLayout) => void;
  /** Resolves to false where the extension cannot do it, which the table says itself. */
  readonly ask: (...request: Parameters<RunsTableHost["request"]>) => Promise<boolean>;
  /** Shows that a name is asked for, or no more. */
  readonly named: () => void;
}

/** The layouts that have names: chosen, saved, deleted. */
export class SavedLayouts implements LayoutBar {
  book: LayoutBook = { layouts: [], marks: {}, problems: [] };
  chosen = "";
  isNaming = false;
  private readonly table: LaidOut;

  constructor(table: LaidOut) {
    this.table = table;
  }

  take(book: LayoutBook): void {
    this.book = book;
    if (!book.layouts.some(({ name }) => name === this.chosen)) this.chosen = "";
  }

  readonly choose = (name: string): void => {
    this.chosen = name;
    const found = this.book.layouts.find((one) => one.name === name);
    const { name: _name, ...layout } = found ?? { name, ...FIRST_LAYOUT };
    this.table.apply(layout);
  };

  readonly save = async (name: string): Promise<void> => {
    this.chosen = name;
    this.endNaming();
    if (!(await this.table.ask("saveLayout", { name, ...this.table.layout() }))) this.chosen = "";
    this.table.named();
  };

  readonly remove = async (): Promise<void> => {
    const name = this.chosen;
    if (name !== "") await this.table.ask("deleteLayout", { name });
  };

  readonly startNaming = (): void => {
    this.isNaming = true;
    this.table.named();
  };

  readonly endNaming = (): void => {
    this.isNaming = false;
    this.table.named();
  };
}
