import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import type { SectionName } from "../runs/states.ts";
import type { RunsItem } from "../salsa.ts";

/** Parts that a run opens out into. */
export type PartName = "arms" | "stages" | "models";

/** A line of the Runs view. It only identifies its content, so it stays the same object while the content changes. */
export interface RunsNode extends RunsItem {
  /** Unique in the view, and the same from one window to the next. */
  readonly id: string;
  readonly parent?: RunsNode;
  /** Of a section of runs. */
  readonly section?: SectionName;
  /** Of a section of a run. */
  readonly part?: PartName;
  /** Of an arm, a stage or a model. */
  readonly name?: string;
}

/** The lines of the view, each made once: VS Code knows them by identity. */
export class Nodes {
  private readonly byId = new Map<string, RunsNode>();

  get(id: string): RunsNode | undefined {
    return this.byId.get(id);
  }

  config(configFile: string): RunsNode {
    return this.once({ id: `config:${configFile}`, kind: "config", uri: vscode.Uri.file(configFile) });
  }

  section(parent: RunsNode, section: SectionName): RunsNode {
    return this.once({ id: `${parent.id}/${section}`, kind: "section", parent, section });
  }

  /** A run moves between sections as its state changes; its line stays the one it was, with another parent. */
  run({ folder }: RunSummary, parent: RunsNode): RunsNode {
    return this.once({ id: runId(folder), kind: "run", folder, parent });
  }

  part(run: RunsNode, part: PartName): RunsNode {
    return this.once({ id: `${run.id}/${part}`, kind: "section", parent: run, part, ...of(run) });
  }

  /** An arm, a stage or a model. */
  leaf(parent: RunsNode, kind: "arm" | "stage" | "model", name: string, model?: string): RunsNode {
    const id = `${parent.id}/${name}`;
    return this.once({ id, kind, parent, name, ...of(parent), ...(model !== undefined && { model }) });
  }

  /** Forgets the lines of runs that are gone. */
  forget(folders: readonly string[]): void {
    for (const folder of folders) {
      const id = runId(folder);
      for (const known of this.byId.keys()) if (known === id || known.startsWith(`${id}/`)) this.byId.delete(known);
    }
  }

  private once(node: RunsNode): RunsNode {
    const known = this.byId.get(node.id);
    if (known === undefined) {
      this.byId.set(node.id, node);
      return node;
    }
    return Object.assign(known, node);
  }
}

/** The id of a run's line. */
export function runId(folder: string): string {
  return `run:${folder}`;
}

function of({ folder }: RunsNode): Pick<RunsItem, "folder"> {
  return folder === undefined ? {} : { folder };
}
