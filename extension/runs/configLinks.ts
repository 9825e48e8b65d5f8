import type { Memory } from "./selection.ts";

const KEY = "salsa.configs";
/** Most configs and moves that are remembered: the last ones. */
const MOST = 500;

/** A config that was seen: its path, and a hash of its content. */
type Seen = readonly [path: string, hash: string];
/** A config that was moved. */
type Move = readonly [from: string, to: string];

/**
 * Where configs are that were renamed or moved, so that their runs, which name the place where they were, stay with them.
 * The editor reports its own moves; one outside is known by the content, which is at another place now. Runs know what
 * their config held, too, for moves that no window has seen.
 */
export class ConfigLinks {
  private readonly memory: Memory;
  private seen: Map<string, string>;
  private moves: Map<string, string>;
  /** The configs that there are, by the hash of their content. */
  private present: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(memory: Memory) {
    this.memory = memory;
    const { seen, moves } = readKept(memory.get(KEY));
    this.seen = new Map(seen);
    this.moves = new Map(moves);
  }

  /** Takes in the configs that there are now, by path with a hash of their content. */
  update(found: ReadonlyMap<string, string>): void {
    const isNew = (path: string): boolean => !this.seen.has(path);
    const appeared = byHash([...found].filter(([path]) => isNew(path)));
    const gone = byHash([...this.seen].filter(([path]) => !found.has(path)));
    for (const [hash, [from, ...others]] of gone) {
      const [to, ...more] = appeared.get(hash) ?? [];
      // Of copies with one content, nobody can say which came from which.
      if (from === undefined || to === undefined || others.length > 0 || more.length > 0) continue;
      this.moves.set(from, to);
      this.seen.delete(from);
    }
    // One that is gone may come back elsewhere later.
    for (const [path, hash] of found) {
      this.seen.delete(path);
      this.seen.set(path, hash);
      this.moves.delete(path);
    }
    this.present = byHash([...found]);
    this.keep();
  }

  /** The only config with a content, by its hash: also of one that was moved while no window watched. */
  holding(hash: string): string | undefined {
    const [path, ...copies] = this.present.get(hash) ?? [];
    return copies.length === 0 ? path : undefined;
  }

  /** A file or folder was renamed in the editor, whatever becomes of its content. */
  move(from: string, to: string): void {
    for (const [path, hash] of [...this.seen]) {
      const rest = path.slice(from.length);
      if (!path.startsWith(from) || !/^([\\/]|$)/.test(rest)) continue;
      this.seen.delete(path);
      this.seen.set(`${to}${rest}`, hash);
      this.moves.set(path, `${to}${rest}`);
    }
    this.keep();
  }

  /** A person says at which path a config is now, whose runs name another. */
  link(from: string, to: string): void {
    this.moves.delete(to);
    this.moves.delete(from);
    this.moves.set(from, to);
    this.keep();
  }

  /** Where a config is now that was at a path; that path itself unless it was moved. */
  now(path: string): string {
    let at = path;
    for (let nMoves = 0; nMoves < MOST; nMoves++) {
      const next = this.moves.get(at);
      if (next === undefined || next === path) return at;
      at = next;
    }
    return path;
  }

  private keep(): void {
    this.seen = new Map([...this.seen].slice(-MOST));
    this.moves = new Map([...this.moves].slice(-MOST));
    void this.memory.update(KEY, { seen: [...this.seen], moves: [...this.moves] });
  }
}

/** Paths by the hash of their content. */
function byHash(list: readonly Seen[]): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  for (const [path, hash] of list) {
    const known = paths.get(hash);
    if (known === undefined) paths.set(hash, [path]);
    else known.push(path);
  }
  return paths;
}

/** Parses what was kept, which an earlier version may have written in another format. */
function readKept(kept: unknown): { readonly seen: readonly Seen[]; readonly moves: readonly Move[] } {
  if (typeof kept !== "object" || kept === null) return { seen: [], moves: [] };
  const { seen, moves } = kept as Partial<Record<"seen" | "moves", unknown>>;
  return { seen: pairsIn(seen), moves: pairsIn(moves) };
}

function pairsIn(list: unknown): readonly (readonly [string, string])[] {
  if (!Array.isArray(list)) return [];
  return list.filter(
    (one): one is [string, string] =>
      Array.isArray(one) && one.length === 2 && one.every((text) => typeof text === "string"),
  );
}
