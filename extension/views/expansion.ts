import type { Memory } from "../runs/selection.ts";

/** Most lines whose state is kept: those that were changed last. */
const MOST = 500;
const KEY = "salsa.expansion";

/** Lines of the Runs view that the user opened or closed: VS Code itself forgets these when the window is reloaded. */
export class Expansion {
  private readonly memory: Memory;
  /** Oldest change first. */
  private readonly changed: Map<string, boolean>;

  constructor(memory: Memory) {
    this.memory = memory;
    this.changed = new Map(readChanges(memory.get(KEY)));
  }

  /** True if a line was opened, false if it was closed; undefined if it is in its initial state. */
  isOpen(id: string): boolean | undefined {
    return this.changed.get(id);
  }

  /** Records that the user opened or closed a line. */
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

/** Parses the stored state, which an earlier version may have written in another format. */
function readChanges(kept: unknown): readonly (readonly [string, boolean])[] {
  if (!Array.isArray(kept)) return [];
  return kept.filter(
    (one): one is [string, boolean] =>
      Array.isArray(one) && one.length === 2 && typeof one[0] === "string" && typeof one[1] === "boolean",
  );
}
