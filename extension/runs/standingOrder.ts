import type { RunSummary } from "../../engine/protocol/service.ts";
import { type RunOrder, sorted } from "./selection.ts";

/** Orders in which runs would move by themselves, as they go on. */
const MOVING: ReadonlySet<RunOrder> = new Set(["status", "result"]);

/**
 * The order in which a list shows its runs. It is sorted when the reader comes or asks for it; later on, the runs stay
 * where they are, so that none moves under the pointer, and new ones come where the order has them.
 */
export class StandingOrder {
  /** Folders as they were last shown. */
  private shown: readonly string[] = [];

  /** Sorts all of them the next time. */
  reset(): void {
    this.shown = [];
  }

  arrange(runs: readonly RunSummary[], order: RunOrder): readonly RunSummary[] {
    const wanted = sorted(runs, order);
    if (!MOVING.has(order)) return wanted;
    const byFolder = new Map(wanted.map((run) => [run.folder, run]));
    const places = new Map(wanted.map(({ folder }, at) => [folder, at]));
    const placeOf = ({ folder }: RunSummary): number => places.get(folder) ?? Infinity;
    const list = this.shown.flatMap((folder) => byFolder.get(folder) ?? []);
    const known = new Set(list);
    for (const run of wanted.filter((one) => !known.has(one))) {
      const after = list.findIndex((other) => placeOf(other) > placeOf(run));
      list.splice(after < 0 ? list.length : after, 0, run);
    }
    this.shown = list.map(({ folder }) => folder);
    return list;
  }
}
