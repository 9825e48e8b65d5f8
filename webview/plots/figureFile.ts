import type { FileContent, PlotFormat } from "../../engine/protocol/dashboard.ts";

/** A figure in each of the forms in which it can be saved. */
export interface FigureTexts {
  readonly svg: () => string;
  readonly csv: () => string;
}

/** The file of a figure. */
export async function figureFile({ svg, csv }: FigureTexts, format: PlotFormat): Promise<FileContent> {
  if (format === "csv") return { text: csv() };
  return format === "svg" ? { text: svg() } : { base64: await pngOf(svg()) };
}

/** At twice its size, for screens and papers. */
async function pngOf(svg: string): Promise<string> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth * 2, image.naturalHeight * 2];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png").replace(/^data:image\/png;base64,/, "");
}
