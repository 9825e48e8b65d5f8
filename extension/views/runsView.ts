import * as vscode from "vscode";
import type { RunStatus } from "../../engine/protocol/runState.ts";
import { label } from "../label.ts";
import { RunDetails } from "../runs/details.ts";
import { type ConfigGroup, grouped, outlineOf } from "../runs/grouping.ts";
import { runLine } from "../runs/labels.ts";
import type { RunSelection } from "../runs/selection.ts";
import { StandingOrder } from "../runs/standingOrder.ts";
import { isActive, sectionOf } from "../runs/states.ts";
import type { RunChanges, RunStore } from "../runs/store.ts";
import type { Service } from "../salsa.ts";
import { Expansion } from "./expansion.ts";
import { armItem, configItem, modelItem, partItem, runHover, runItem, sectionItem, stageItem } from "./items.ts";
import { Nodes, type RunsNode, runId } from "./nodes.ts";

/** Milliseconds between two redraws of lines: two per second are readable, more flicker. */
const INTERVAL = 500;
/** The same for an expanded run that goes on: VS Code redraws all its children, and shows that it is busy. */
const OPEN_INTERVAL = 2000;

/** Dependencies of the view. */
export interface RunsViewParts {
  readonly service: Service;
  readonly runs: RunStore;
  readonly selection: RunSelection;
  /** Keeps which lines are open, from one window to the next. */
  readonly memory: vscode.Memento;
}

/** The view "Runs": configs, their runs by state, and the arms, stages and models of each run. */
export class RunsView implements vscode.TreeDataProvider<RunsNode> {
  private readonly parts: RunsViewParts;
  private readonly changed = new vscode.EventEmitter<RunsNode | undefined>();
  private readonly nodes = new Nodes();
  private readonly standing = new StandingOrder();
  private readonly expansion: Expansion;
  private readonly details: RunDetails;
  private readonly view: vscode.TreeView<RunsNode>;
  private readonly listening: readonly { dispose(): void }[];
  /** Ids of lines to be redrawn. */
  private readonly dirty = new Set<string>();
  /** When runs were last drawn, and in which state, by folder. */
  private readonly drawn = new Map<string, { readonly at: number; readonly status: RunStatus | undefined }>();
  /** Lines of runs as they are shown, by folder. */
  private readonly lines = new Map<string, string>();
  private groups: readonly ConfigGroup[] = [];
  private outline = "";
  private timer: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(parts: RunsViewParts) {
    this.parts = parts;
    const { service, runs, selection, memory } = parts;
    this.expansion = new Expansion(memory);
    this.details = new RunDetails(service, (folder) => this.touch(folder));
    this.regroup();
    this.view = vscode.window.createTreeView("salsa.runs", {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    });
    this.listening = [
      this.changed,
      this.view,
      this.view.onDidExpandElement(({ element }) => this.expansion.note(element.id, true)),
      this.view.onDidCollapseElement(({ element }) => this.collapse(element)),
      this.view.onDidChangeVisibility(({ visible }) => this.see(visible)),
      runs.onDidTell((changes) => this.take(changes)),
      runs.onDidChange(() => this.schedule()),
      service.onDidChangeProblem((problem) => this.tellProblem(problem)),
      vscode.Disposable.from(
        selection.onDidChange(() => {
          this.standing.reset();
          this.schedule();
        }),
        this.details,
      ),
    ];
    this.tell();
    if (this.view.visible) runs.want();
  }

  /** Called whenever it becomes visible. */
  onDidShow(listener: () => void): vscode.Disposable {
    return this.view.onDidChangeVisibility(({ visible }) => {
      if (visible) listener();
    });
  }

  getTreeItem(node: RunsNode): vscode.TreeItem | Promise<vscode.TreeItem> {
    switch (node.kind) {
      case "config":
        return this.asLeft(configItem(node, this.groupOf(node)), node);
      case "section":
        return this.asLeft(
          node.part === undefined ? sectionItem(node, this.runsOf(node).length) : partItem(node),
          node,
        );
      case "run": {
        const run = this.parts.runs.get(node.folder ?? "");
        if (run === undefined) return new vscode.TreeItem("");
        this.lines.set(run.folder, runLine(run));
        return this.asLeft(runItem(node, run), node);
      }
      case "arm":
      case "stage":
      case "model":
        return this.leafItem(node);
    }
  }

  /** Adds what is shown of a run while the pointer rests on its line. */
  resolveTreeItem(item: vscode.TreeItem, { kind, folder = "" }: RunsNode): vscode.TreeItem {
    const run = kind === "run" ? this.parts.runs.get(folder) : undefined;
    if (run !== undefined) item.tooltip = runHover(run);
    return item;
  }

  /** Applies the state in which the user left the line. */
  private asLeft(item: vscode.TreeItem, { id }: RunsNode): vscode.TreeItem {
    const isOpen = this.expansion.isOpen(id);
    const { None, Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    if (isOpen !== undefined && item.collapsibleState !== None) item.collapsibleState = isOpen ? Expanded : Collapsed;
    return item;
  }

  async getChildren(node?: RunsNode): Promise<RunsNode[]> {
    if (node === undefined) {
      this.parts.runs.want();
      return this.groups.map(({ configFile }) => this.nodes.config(configFile));
    }
    if (node.kind === "config") {
      const { runs, sections } = this.groupOf(node);
      if (sections.length > 0) return sections.map(({ name }) => this.nodes.section(node, name));
      return runs.map((run) => this.nodes.run(run, node));
    }
    if (node.section !== undefined) return this.runsOf(node).map((run) => this.nodes.run(run, node));
    return this.childrenOfRun(node);
  }

  getParent(node: RunsNode): RunsNode | undefined {
    return node.parent;
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const one of this.listening) one.dispose();
  }

  private async childrenOfRun(node: RunsNode): Promise<RunsNode[]> {
    const { detail, arms, models } = await this.details.open(node.folder ?? "");
    if (node.kind === "run") {
      const isThere = { arms: arms.length > 0, stages: detail.stages.length > 0, models: models.length > 0 };
      return (["arms", "stages", "models"] as const)
        .filter((part) => isThere[part])
        .map((part) => this.nodes.part(node, part));
    }
    if (node.part === "arms") return arms.map(({ name }) => this.nodes.leaf(node, "arm", name));
    if (node.part === "stages") return detail.stages.map(({ id }) => this.nodes.leaf(node, "stage", id));
    return models.map(({ name, folder }) => this.nodes.leaf(node, "model", name, folder));
  }

  private async leafItem(node: RunsNode): Promise<vscode.TreeItem> {
    const opened = await this.details.open(node.folder ?? "");
    if (node.kind === "arm") return armItem(node, opened);
    if (node.kind === "stage") return stageItem(node, opened);
    return modelItem(
      node,
      opened.models.find(({ name }) => name === node.name),
    );
  }

  private groupOf({ uri }: RunsNode): ConfigGroup {
    const configFile = uri?.fsPath ?? "";
    const empty = { configFile, isThere: false, runs: [], sections: [] };
    return this.groups.find((group) => group.configFile === configFile) ?? empty;
  }

  private runsOf({ parent, section }: RunsNode): ConfigGroup["runs"] {
    const runs = parent === undefined ? [] : this.groupOf(parent).runs;
    return runs.filter((run) => sectionOf(run) === section);
  }

  private take({ changed, removed }: RunChanges): void {
    for (const folder of removed) this.details.close(folder);
    this.nodes.forget(removed);
    for (const folder of removed) for (const known of [this.drawn, this.lines]) known.delete(folder);
    if (removed.length > 0) void this.dropFilters();
    for (const run of changed) {
      const isOpen = this.details.has(run.folder);
      if (isOpen || this.lines.get(run.folder) !== runLine(run)) this.dirty.add(runId(run.folder));
      // A run that has begun again must be followed from here on.
      if (isActive(run) && this.details.isUnfollowed(run.folder)) this.details.close(run.folder);
    }
    this.schedule();
  }

  /** A filter by configs ends with the last of their runs: nothing would be left to see. */
  private async dropFilters(): Promise<void> {
    const { runs, selection } = this.parts;
    const { filter } = selection;
    const left = filter.configs.filter((file) => runs.all().some(({ configFile }) => configFile === file));
    if (left.length < filter.configs.length) await selection.change({ filter: { ...filter, configs: left } });
  }

  private touch(folder: string): void {
    this.dirty.add(runId(folder));
    this.schedule();
  }

  private collapse(node: RunsNode): void {
    this.expansion.note(node.id, false);
    if (node.kind === "run" && node.folder !== undefined) this.details.close(node.folder);
  }

  private see(isVisible: boolean): void {
    if (isVisible) {
      this.parts.runs.want();
      this.standing.reset();
      this.regroup();
      this.changed.fire(undefined);
    } else this.details.closeAll(); // requested again when the view is shown
  }

  private tellProblem(problem: string | null): void {
    this.view.message = label(problem ?? "");
    this.details.forgetAll();
    if (problem === null) this.changed.fire(undefined);
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => this.flush(), INTERVAL);
  }

  private flush(): void {
    this.timer = undefined;
    const before = this.outline;
    this.regroup();
    this.tell();
    if (this.outline === before) this.draw();
    else {
      this.dirty.clear();
      this.changed.fire(undefined);
    }
  }

  private draw(): void {
    const now = Date.now();
    for (const id of [...this.dirty]) {
      const node = this.nodes.get(id);
      const { folder = "" } = node ?? {};
      const status = this.parts.runs.get(folder)?.status;
      const last = this.drawn.get(folder);
      const isSame = last !== undefined && last.status === status;
      if (this.details.has(folder) && isSame && now - last.at < OPEN_INTERVAL) continue;
      this.drawn.set(folder, { at: now, status });
      this.dirty.delete(id);
      if (node !== undefined) this.changed.fire(node);
    }
    if (this.dirty.size > 0) this.schedule();
  }

  private regroup(): void {
    const { runs, selection } = this.parts;
    const { filter, order } = selection;
    const configs = runs.configs().map(({ fsPath }) => fsPath);
    const arrange = this.standing.arrange.bind(this.standing);
    this.groups = grouped(runs.all(), { configs, filter, order, arrange });
    this.outline = outlineOf(this.groups);
  }

  /** The number on the view's icon, and beside its title. */
  private tell(): void {
    const all = this.parts.runs.all();
    const nActive = all.filter(isActive).length;
    const tooltip = nActive === 1 ? vscode.l10n.t("1 active run") : vscode.l10n.t("{0} active runs", nActive);
    if ((this.view.badge?.value ?? 0) !== nActive) {
      this.view.badge = nActive === 0 ? undefined : { value: nActive, tooltip };
    }
    const nShown = this.groups.reduce((sum, group) => sum + group.runs.length, 0);
    const description = nShown < all.length ? vscode.l10n.t("{0} of {1}", nShown, all.length) : "";
    if (this.view.description !== description) this.view.description = description;
  }
}
