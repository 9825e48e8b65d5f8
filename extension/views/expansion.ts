import type { Memory } from "../runs/selection.ts";

/** Most lines whose state is kept: those that were changed last. */
const MOST = 500;
const KEY = "salsa.expansion";

/** Which lines of the Runs view somebody opened or closed: VS Code itself forgets it when the window is reloaded. */
export class Expansion {
  private readonly memory: Memory;
  /** Oldest change first. */
  private readonly changed: Map<string, boolean>;

  constructor(memory: Memory) {
    this.memory = memory;
    this.changed = new Map(readChanges(memory.get(KEY)));
  }

  /** Whether a line is open; undefined where it is as it began. */
  isOpen(id: string): boolean | undefined {
    return this.changed.get(id);
  }

  /** Keeps what somebody did to a line. */
  note(id: string, isOpen: boolean): void {
    this.changed.delete(id);
    this.changed.set(id, isOpen);
    for (const oldest of this.changed.keys()) {
      if (this.changed.size <= MOST) break;
      this.changed.delete(oldest);
    }
    void this.memory.update(KEY, [...this.changed]);
  }
}

/** What an earlier version has kept may be anything. */
function readChanges(kept: unknown): readonly (readonly [string, boolean])[] {
  if (!Array.isArray(kept)) return [];
  return kept.filter(
    (one): one is [string, boolean] =>
      Array.isArray(one) && one.length === 2 && typeof one[0] === "string" && typeof one[1] === "boolean",
  );
}
