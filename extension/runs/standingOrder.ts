import { StandingPlaces } from "../../engine/common/standingPlaces.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { type RunOrder, sorted } from "./selection.ts";

/** Orders in which runs would move by themselves, as they go on. */
const MOVING: ReadonlySet<RunOrder> = new Set(["status", "result"]);

/** The order in which a list shows its runs: in one in which they would move by themselves, they keep their places. */
export class StandingOrder {
  private readonly places = new StandingPlaces<RunSummary>(({ folder }) => folder);

  /** Sorts all of them the next time. */
  reset(): void {
    this.places.reset();
  }

  arrange(runs: readonly RunSummary[], order: RunOrder): readonly RunSummary[] {
    const wanted = sorted(runs, order);
    return MOVING.has(order) ? this.places.arrange(wanted) : wanted;
  }
}
