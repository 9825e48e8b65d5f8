import type { Curve, DashboardModel } from "../model.ts";
import type { Marker } from "./draw.ts";
import { nearest, placesOf, type XAxis } from "./prepared.ts";
import type { LoadedLine } from "./settings.ts";

/** Alarms of the runs in focus at their steps, and the place in focus, where the plot has a curve of that stage. */
export function markersOf(
  model: DashboardModel,
  lines: readonly LoadedLine[],
  { axis, host }: { readonly axis: XAxis; readonly host: HTMLElement },
): readonly Marker[] {
  const style = getComputedStyle(host);
  const color = (name: string): string => style.getPropertyValue(name).trim() || style.color;
  const mark = (folder: string, place: { readonly stage: string; readonly step: number }): readonly number[] => {
    const curve = curveOf(lines, folder, place.stage);
    return curve === undefined ? [] : placeOf(curve, place.step, axis);
  };
  const alarms = model.focus.runs.flatMap((folder) =>
    (model.outline(folder)?.alarms ?? []).flatMap((alarm) =>
      mark(folder, alarm).map((x) => ({ x, color: color("--vscode-editorWarning-foreground"), isDashed: true })),
    ),
  );
  const { place, runs } = model.focus;
  const placed = place === undefined ? [] : mark(runs[0] ?? "", place);
  return [...alarms, ...placed.map((x) => ({ x, color: color("--vscode-focusBorder"), isDashed: false }))];
}

function curveOf(lines: readonly LoadedLine[], folder: string, stage: string): Curve | undefined {
  const line = lines.find((one) => one.folder === folder && one.stages.includes(stage));
  // While some of a line's curves are missing, it is not known which is whose.
  return line?.isWhole === true ? line.curves[line.stages.indexOf(stage)] : undefined;
}

function placeOf(curve: Curve, step: number, axis: XAxis): readonly number[] {
  if (axis === "step") return [step];
  const at = nearest({ x: curve.steps, y: curve.values }, step);
  return at < 0 ? [] : [placesOf(curve, axis)[at] ?? 0];
}
