import * as vscode from "vscode";
import type { ModelArtifact, RunSummary } from "../../engine/protocol/service.ts";
import { formatFileSize } from "../../engine/common/format.ts";
import { stageNames } from "../../engine/protocol/stageName.ts";
import { label } from "../label.ts";
import { fromCatalogue } from "../localize.ts";
import { armDescription, candidateLines, stagesOfArm } from "../runs/arms.ts";
import { stageDescription } from "../runs/detail.ts";
import type { OpenRun } from "../runs/details.ts";
import type { ConfigGroup } from "../runs/grouping.ts";
import {
  type IconName,
  STAGE_ICONS,
  runContext,
  runDescription,
  runIcon,
  sectionText,
  statusText,
} from "../runs/labels.ts";
import { type LineTarget, armTarget, stageTarget } from "../runs/targets.ts";
import { escaped, runTooltip } from "../runs/tooltip.ts";
import type { PartName, RunsNode } from "./nodes.ts";

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;

/** The line of a config, with its runs below it. */
export function configItem(node: RunsNode, { configFile, isThere, runs }: ConfigGroup): vscode.TreeItem {
  const uri = vscode.Uri.file(configFile);
  const item = new vscode.TreeItem(label(vscode.workspace.asRelativePath(uri)), runs.length > 0 ? Expanded : None);
  // The first run changes the item's id: an item that had no children would stay collapsed.
  item.id = runs.length > 0 ? node.id : `${node.id}:empty`;
  item.iconPath = new vscode.ThemeIcon(isThere ? "settings-gear" : "question");
  item.contextValue = isThere ? "config" : "missingConfig";
  item.description = isThere
    ? runs.length === 0 && vscode.l10n.t("no runs yet")
    : vscode.l10n.t("not in this workspace");
  item.tooltip = label(configFile);
  if (isThere) item.command = { title: vscode.l10n.t("Open Config"), command: "vscode.open", arguments: [uri] };
  return item;
}

/** The line above runs in like states. */
export function sectionItem({ id, section = "active" }: RunsNode, nRuns: number): vscode.TreeItem {
  const item = new vscode.TreeItem(sectionText(section), Expanded);
  item.id = id;
  item.description = String(nRuns);
  item.contextValue = "section";
  return item;
}

/** The line of a run. */
export function runItem(node: RunsNode, run: RunSummary): vscode.TreeItem {
  const item = new vscode.TreeItem(label(run.id), Collapsed);
  const description = label(runDescription(run));
  item.id = node.id;
  item.description = description;
  item.iconPath = themeIcon(runIcon(run));
  item.contextValue = runContext(run);
  item.accessibilityInformation = { label: `${label(run.id)}, ${statusText(run.status)}, ${description}` };
  return withDashboard(item, node);
}

/** The facts of a run for its line's tooltip, as they are when it is asked for. */
export function runHover(run: RunSummary): vscode.MarkdownString {
  return markdown(runTooltip(run));
}

/** The line above a run's arms, stages or models. */
export function partItem({ id, part = "stages" }: RunsNode): vscode.TreeItem {
  const item = new vscode.TreeItem(partText(part), part === "arms" ? Expanded : Collapsed);
  item.id = id;
  item.iconPath = new vscode.ThemeIcon(PART_ICONS[part]);
  item.contextValue = "part";
  return item;
}

const PART_ICONS: Readonly<Record<PartName, string>> = { arms: "git-compare", stages: "layers", models: "package" };

function partText(part: PartName): string {
  switch (part) {
    case "arms":
      return vscode.l10n.t("Arms");
    case "stages":
      return vscode.l10n.t("Stages");
    case "models":
      return vscode.l10n.t("Models");
  }
}

/** The line of an arm. */
export function armItem(node: RunsNode, { arms, detail }: OpenRun): vscode.TreeItem {
  const { id, name = "" } = node;
  const item = new vscode.TreeItem(label(name), None);
  item.id = id;
  item.contextValue = "arm";
  const arm = arms.find((one) => one.name === name);
  if (arm === undefined) return item;
  const stages = stagesOfArm(detail.stages, arm);
  const stage = stages.find(({ status }) => status === "running") ?? stages.at(-1);
  item.iconPath = themeIcon(stage === undefined ? STAGE_ICONS.waiting : STAGE_ICONS[stage.status]);
  const description = armDescription(arm, detail);
  item.description = label(description);
  const lines = [description, ...candidateLines(arm, detail)].map(escaped);
  item.tooltip = markdown([`**${escaped(name)}**`, ...lines].join("\n\n"));
  return withDashboard(item, node, armTarget(detail.stages, name));
}

/** The line of a stage. */
export function stageItem(node: RunsNode, { detail }: OpenRun): vscode.TreeItem {
  const { id, name: stageId = "" } = node;
  const name = label(stageNames(detail.stages, fromCatalogue)(stageId));
  const item = new vscode.TreeItem(name, None);
  item.id = id;
  item.contextValue = "stage";
  const stage = detail.stages.find((one) => one.id === stageId);
  if (stage === undefined) return item;
  item.iconPath = themeIcon(STAGE_ICONS[stage.status]);
  item.description = label(stageDescription(stage));
  if (stage.key !== "") item.tooltip = `${name}: ${item.description}\n${label(stage.key)}`;
  return withDashboard(item, node, stageTarget(stage));
}

/** The line of a model. */
export function modelItem(node: RunsNode, model: ModelArtifact | undefined): vscode.TreeItem {
  const { id, name = "" } = node;
  const item = new vscode.TreeItem(label(name), None);
  item.id = id;
  if (model === undefined) return item;
  const { exists, bytes, isPolicy, beta } = model;
  const folder = label(model.folder);
  const chosen = beta === undefined ? "" : `β ${beta} · `;
  item.contextValue = exists ? `model ${isPolicy ? "policy" : "reward"}` : "missingModel";
  item.iconPath = exists
    ? new vscode.ThemeIcon(isPolicy ? "hubot" : "star-half")
    : themeIcon({ icon: "warning", color: "list.warningForeground" });
  item.description = exists ? `${chosen}${formatFileSize(bytes)}` : vscode.l10n.t("removed from the disk");
  // A checkpoint is what its run says of it: where it comes from, and how large it is.
  withDashboard(item, node, { view: "provenance", stages: [] });
  item.tooltip = exists ? folder : vscode.l10n.t("{0} has been removed. Running the config again restores it.", folder);
  return item;
}

function withDashboard(item: vscode.TreeItem, node: RunsNode, target?: LineTarget): vscode.TreeItem {
  const args = target === undefined ? [node] : [node, target];
  item.command = { title: vscode.l10n.t("Open Dashboard"), command: "salsa.openDashboard", arguments: args };
  return item;
}

function themeIcon({ icon, color }: IconName): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}

function markdown(text: string): vscode.MarkdownString {
  return new vscode.MarkdownString(text, true);
}
