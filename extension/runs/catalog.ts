import type { RunSummary, ServiceNotifications } from "../../engine/protocol/service.ts";

/** Every run as the service last reported it, newest first. */
export class RunCatalog {
  private readonly byFolder = new Map<string, RunSummary>();
  private order: readonly RunSummary[] = [];

  all(): readonly RunSummary[] {
    return this.order;
  }

  get(folder: string): RunSummary | undefined {
    return this.byFolder.get(folder);
  }

  /** Applies a notification of the service. */
  take({ changed, removed }: ServiceNotifications["runs"]): void {
    for (const folder of removed) this.byFolder.delete(folder);
    for (const run of changed) this.byFolder.set(run.folder, run);
    this.order = [...this.byFolder.values()].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  }
}
