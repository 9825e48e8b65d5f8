import { svg, type TemplateResult } from "lit";
import { markPath } from "../../engine/figures/index.ts";
import { axisOf } from "./axis.ts";
import type { RunsColumn } from "./columns.ts";
import type { PlotItem } from "./items.ts";
import { MARGIN, type PlacedItem, type PlotSpace, bottomAxis, isSelected, leftAxis } from "./plotParts.ts";

/** Two columns against each other, a point an item. */
export function scatter(
  items: readonly PlotItem[],
  { x, y }: { readonly x: RunsColumn; readonly y: RunsColumn },
  space: PlotSpace,
): { readonly placed: readonly PlacedItem[]; readonly picture: TemplateResult } {
  const { width, height, lookOf, shapeOf, selected, pointed } = space;
  const values = (column: RunsColumn): ReturnType<PlotItem["value"]>[] => items.map((item) => item.value(column));
  const along = axisOf(x, values(x), [MARGIN.left, width - MARGIN.right]);
  const up = axisOf(y, values(y), [height - MARGIN.bottom, MARGIN.top + 8]);
  const placed = items.flatMap((item, index): PlacedItem[] => {
    const [px, py] = [along.at(item.value(x)), up.at(item.value(y))];
    return px === undefined || py === undefined ? [] : [{ item, index, x: px, y: py }];
  });
  const picture = svg`${leftAxis(up, { width, isAcross: true })}${bottomAxis(along, space)}
    <g class="marks">
      ${placed.map(
        ({ item, index, x: px, y: py }) => svg`<path
          data-item=${index}
          class=${isSelected(item, selected) ? "mark selected" : "mark"}
          d=${markPath(shapeOf(item.model), px, py, index === pointed || isSelected(item, selected) ? 6 : 4)}
          fill=${lookOf(item.model).color}
        ></path>`,
      )}
    </g>`;
  return { placed, picture };
}
