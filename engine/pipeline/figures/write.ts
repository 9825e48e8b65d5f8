import { join } from "node:path";
import { FIGURE_THEMES, type PanelFigureSpec, panelFigure, panelSheet } from "../../figures/index.ts";
import { rasterize } from "../../figures/raster/index.ts";
import { sheetCsv, sheetLatex, sheetText } from "../../evaluation/tables/sheet.ts";
import { placeIn } from "../../storage/places.ts";
import { writeAt } from "../../storage/writing.ts";
import { png } from "../publish/png.ts";

/** Grounds that a figure is drawn on. */
export type FigureGround = keyof typeof FIGURE_THEMES;

/** Forms of a figure: the picture, or the numbers behind it. Add yours here. */
export const FIGURE_FORMATS = [
  { name: "svg", extension: ".svg", render: (spec, ground) => panelFigure(spec, { theme: FIGURE_THEMES[ground] }).svg },
  {
    name: "png",
    extension: ".png",
    render: (spec, ground) => png(rasterize(panelFigure(spec, { theme: FIGURE_THEMES[ground] }).svg)),
  },
  { name: "csv", extension: ".csv", render: (spec) => sheetCsv(panelSheet(spec)) },
  { name: "latex", extension: ".tex", render: (spec) => sheetLatex(panelSheet(spec)) },
  {
    name: "text",
    extension: ".txt",
    render: (spec) => `${spec.title}\n\n${spec.caption}\n\n${sheetText(panelSheet(spec))}`,
  },
] as const satisfies readonly {
  readonly name: string;
  readonly extension: string;
  readonly render: (spec: PanelFigureSpec, ground: FigureGround) => string | Buffer;
}[];

/** Forms that are written unless one is asked for. */
const WRITTEN = ["svg", "png", "csv", "latex"];

/**
 * Writes a figure in its forms into the run's folder, `figures/line.svg` and so on; earlier ones are replaced.
 * @returns Paths of the files.
 * @throws {DiskError} {DataError}
 */
export async function writeFigure(
  folder: string,
  name: string,
  spec: PanelFigureSpec,
  ground: FigureGround = "light",
): Promise<readonly string[]> {
  const files: string[] = [];
  for (const { name: form, extension, render } of FIGURE_FORMATS) {
    if (!WRITTEN.includes(form)) continue;
    const place = placeIn(folder, join("figures", `${name}${extension}`));
    await writeAt(place, render(spec, ground));
    files.push(place.file);
  }
  return files;
}
