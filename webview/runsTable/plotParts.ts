import { nothing, svg, type TemplateResult } from "lit";
import type { LineLook } from "../../engine/figures/index.ts";
import type { PlotAxis } from "./axis.ts";
import type { RunsColumn } from "./columns.ts";
import type { PlotItem } from "./items.ts";

/** A plot's room and looks. */
export interface PlotSpace {
  readonly width: number;
  readonly height: number;
  readonly lookOf: (model: string | undefined) => LineLook;
  /** Shape of a model's marks, which tells those of one colour apart as dashes do lines. */
  readonly shapeOf: (model: string | undefined) => number;
  /** Keys of selected rows. */
  readonly selected: ReadonlySet<string>;
  /** Index of the item that is pointed at. */
  readonly pointed: number;
}

/** An item at its places in a plot. */
export interface PlacedItem {
  readonly item: PlotItem;
  /** Its place in the list of all that are drawn. */
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

/** Pixels around a plot for its axes. */
export const MARGIN = { left: 64, right: 20, top: 16, bottom: 48 } as const;

/** True if an item stands for a selected row. */
export function isSelected({ keys }: PlotItem, selected: ReadonlySet<string>): boolean {
  return keys.some((key) => selected.has(key));
}

/** An axis along the bottom. */
export function bottomAxis(axis: PlotAxis, { width, height }: Pick<PlotSpace, "width" | "height">): TemplateResult {
  const y = height - MARGIN.bottom;
  const room = width / Math.max(1, axis.ticks.length);
  return svg`<g class="axis">
    <line x1=${MARGIN.left} x2=${width - MARGIN.right} y1=${y} y2=${y}></line>
    ${axis.ticks.map(
      ({ at, text }) => svg`<line x1=${at} x2=${at} y1=${y} y2=${y + 5}></line>
        <text x=${at} y=${y + 18} text-anchor="middle">${cut(text, room)}<title>${text}</title></text>`,
    )}
    <text class="name" x=${(MARGIN.left + width - MARGIN.right) / 2} y=${height - 8} text-anchor="middle">${axis.column.label}</text>
  </g>`;
}

/** An axis along the left, with lines across. */
export function leftAxis(
  axis: PlotAxis,
  { width, isAcross }: { readonly width: number; readonly isAcross: boolean },
): TemplateResult {
  return svg`<g class="axis">
    ${axis.ticks.map(
      ({ at, text }) => svg`${
        isAcross
          ? svg`<line class="grid" x1=${MARGIN.left} x2=${width - MARGIN.right} y1=${at} y2=${at}></line>`
          : nothing
      }
      <text x=${MARGIN.left - 8} y=${at + 4} text-anchor="end">${cut(text, MARGIN.left - 12)}<title>${text}</title></text>`,
    )}
    <text class="name" x="4" y="11">${axis.column.label}</text>
  </g>`;
}

/** A text as far as there is room, in pixels. */
export function cut(text: string, room: number): string {
  const most = Math.max(3, Math.floor(room / 6.6));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Columns whose values differ between some items. */
export function varying(items: readonly PlotItem[], columns: readonly RunsColumn[]): readonly RunsColumn[] {
  return columns.filter((column) => new Set(items.map((item) => item.value(column))).size > 1);
}
