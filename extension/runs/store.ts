import { join } from "node:path";
import * as vscode from "vscode";
import type { RunSummary, ServiceNotifications } from "../../engine/protocol/service.ts";
import { isVirtual } from "../engine/workspace.ts";
import type { Runs, Service } from "../salsa.ts";
import { RunCatalog } from "./catalog.ts";
import { ConfigFiles } from "./configs.ts";
import { withConfig } from "./grouping.ts";
import { type Memory, type RunSelection, isFiltering } from "./selection.ts";
import { flagsOf } from "./states.ts";

/** Changed and removed runs. */
export type RunChanges = ServiceNotifications["runs"];

/** Milliseconds after which a workspace that reported no run has none. */
const SEARCHING = 2000;

/** The runs of the workspace. Queries the service once there is a config, or the user looks at runs. */
export class RunStore implements Runs {
  private readonly service: Service;
  private readonly selection: RunSelection;
  private readonly catalog = new RunCatalog();
  private readonly files: ConfigFiles;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly told = new vscode.EventEmitter<RunChanges>();
  private readonly listening: readonly { dispose(): void }[];
  private readonly flags = new Map<string, boolean>();
  private toldRoots: readonly string[] = [];
  /** The configs that `known` has the paths of. */
  private pathsOf: readonly vscode.Uri[] = [];
  private known: readonly string[] = [];
  private isWanted = false;
  private isSearched = false;
  private isListed = false;
  private listing: NodeJS.Timeout | undefined;
  readonly onDidChange = this.changed.event;
  /** The same, with the changed and removed runs. */
  readonly onDidTell = this.told.event;

  /** Listens to the service. `memory` keeps where configs were, from one window to the next. */
  constructor(service: Service, selection: RunSelection, memory: Memory) {
    this.service = service;
    this.files = new ConfigFiles(memory);
    this.selection = selection;
    this.listening = [
      this.changed,
      this.told,
      this.files,
      service.on("runs", (changes) => this.take(changes)),
      service.onDidChangeProblem((problem) => {
        if (problem === null) void this.comeBack();
      }),
      this.files.onDidChange(() => void this.look()),
      vscode.Disposable.from(selection.onDidChange(() => this.tellFlags())),
    ];
  }

  all(): readonly RunSummary[] {
    return this.catalog.all().map((run) => this.located(run));
  }

  get(folder: string): RunSummary | undefined {
    const run = this.catalog.get(folder);
    return run === undefined ? undefined : this.located(run);
  }

  roots(): readonly string[] {
    return this.files.runRoots();
  }

  configs(): readonly vscode.Uri[] {
    return this.files.all();
  }

  relink(from: string, to: string): void {
    this.files.links.link(from, to);
    this.changed.fire();
  }

  async refresh(): Promise<void> {
    this.isWanted = true;
    await this.files.refresh();
    // Also when the roots are unchanged: the service scans at once when it receives them.
    await this.tellRoots(true);
  }

  /** Searches for configs; queries the service only if there are some, or the user has looked at runs. */
  async start(): Promise<void> {
    await this.files.refresh();
  }

  /** Records that the user looks at runs: from now on the service is queried even if there is no config. */
  want(): void {
    if (this.isWanted) return;
    this.isWanted = true;
    void this.look();
  }

  dispose(): void {
    clearTimeout(this.listing);
    for (const one of this.listening) one.dispose();
  }

  /** A run with its config where that is now. */
  private located(run: RunSummary): RunSummary {
    return withConfig(run, this.paths(), this.files.links);
  }

  private paths(): readonly string[] {
    const files = this.files.all();
    if (this.pathsOf !== files) {
      this.pathsOf = files;
      this.known = files.map(({ fsPath }) => fsPath);
    }
    return this.known;
  }

  private async look(): Promise<void> {
    this.isSearched = true;
    this.tellFlags();
    this.changed.fire();
    if (this.isWanted || this.files.all().length > 0) await this.tellRoots(false);
  }

  private async tellRoots(isUrgent: boolean): Promise<void> {
    const roots = this.files.runRoots();
    const isSame =
      roots.length === this.toldRoots.length && roots.every((root, index) => root === this.toldRoots[index]);
    if (isVirtual() || (isSame && !isUrgent)) return;
    this.toldRoots = roots;
    try {
      await this.service.request("setRoots", { roots });
      // The service reports runs as it finds them; where there are none, nothing comes.
      this.listing ??= setTimeout(() => this.list(), SEARCHING);
    } catch {
      return; // listeners to problems have been notified, and `comeBack` sends the roots again
    }
  }

  /** Resends the roots to a restarted service, and drops runs removed meanwhile, which it does not report. */
  private async comeBack(): Promise<void> {
    if (this.toldRoots.length > 0) await this.tellRoots(true);
    const gone = await Promise.all(
      this.catalog.all().map(async ({ folder }) => ((await isThere(join(folder, "run.json"))) ? [] : [folder])),
    );
    if (gone.flat().length > 0) this.take({ changed: [], removed: gone.flat() });
  }

  private take(changes: RunChanges): void {
    this.catalog.take(changes);
    this.isListed = true;
    this.tellFlags();
    this.told.fire({ ...changes, changed: changes.changed.map((run) => this.located(run)) });
    this.changed.fire();
  }

  private list(): void {
    if (this.isListed) return;
    this.isListed = true;
    this.tellFlags();
  }

  private tellFlags(): void {
    const isFiltered = isFiltering(this.selection.filter);
    const flags = flagsOf(this.catalog.all(), {
      nConfigs: this.files.all().length,
      isFiltered,
      isSearched: this.isSearched,
      isListed: this.isListed,
    });
    for (const [name, value] of Object.entries<boolean>({ ...flags })) {
      if (this.flags.get(name) === value) continue;
      this.flags.set(name, value);
      void vscode.commands.executeCommand("setContext", `salsa.${name}`, value);
    }
  }
}

async function isThere(file: string): Promise<boolean> {
  return vscode.workspace.fs.stat(vscode.Uri.file(file)).then(
    () => true,
    () => false,
  );
}
