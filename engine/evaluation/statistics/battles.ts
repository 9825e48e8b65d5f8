/** One judged game between two models. */
export interface Battle {
  readonly a: string;
  readonly b: string;
  /** Points of a: 1, ½ or 0. */
  readonly points: number;
  /** How often it counts; Arena-Hard gives a `>>` verdict 3. */
  readonly weight: number;
  /** Battles about the same question depend on each other; one without stands alone. */
  readonly question?: string;
}

/** Battles added up: by question what each pair of models has won, kinds of questions with the same numbers once. */
export interface Tally {
  /** Positions of the two models of each pair: the first is the smaller. */
  readonly firsts: Int32Array;
  readonly seconds: Int32Array;
  /** How many questions are of each kind. */
  readonly multiplicities: readonly number[];
  /** Where each kind's entries begin, and at last where they end. */
  readonly offsets: Int32Array;
  /** The pair of each entry, what its first model won, and out of what. */
  readonly pair: Int32Array;
  readonly points: Float64Array;
  readonly totals: Float64Array;
}

/** Wins of the first model of a pair in a question's battles, and their total. */
interface Entry {
  readonly pair: number;
  points: number;
  total: number;
}

/** Adds up the battles among some models. */
export function tally(battles: readonly Battle[], models: readonly string[]): Tally {
  const places = new Map(models.map((model, place) => [model, place]));
  const firsts: number[] = [];
  const seconds: number[] = [];
  const pairAt = new Map<number, number>();
  const questions = new Map<string | number, Entry[]>();
  for (const [at, { a, b, points, weight, question }] of battles.entries()) {
    const [one, other] = [places.get(a), places.get(b)];
    if (one === undefined || other === undefined || one === other) continue;
    const first = Math.min(one, other);
    const key = first * models.length + Math.max(one, other);
    let pair = pairAt.get(key);
    if (pair === undefined) {
      pair = firsts.push(first) - 1;
      seconds.push(Math.max(one, other));
      pairAt.set(key, pair);
    }
    let entries = questions.get(question ?? at);
    if (entries === undefined) questions.set(question ?? at, (entries = []));
    entries.push({ pair, points: weight * (first === one ? points : 1 - points), total: weight });
  }
  return { firsts: Int32Array.from(firsts), seconds: Int32Array.from(seconds), ...byKind(questions.values()) };
}

function byKind(questions: Iterable<Entry[]>): Omit<Tally, "firsts" | "seconds"> {
  const kinds = new Map<string, { readonly entries: readonly Entry[]; count: number }>();
  for (const question of questions) {
    const entries = question.length > 1 ? addedUp(question) : question;
    let key = "";
    for (const { pair, points, total } of entries) key += `${pair},${points},${total};`;
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { entries, count: 1 });
    else kind.count += 1;
  }
  const all = [...kinds.values()];
  const offsets = new Int32Array(all.length + 1);
  for (const [at, { entries }] of all.entries()) offsets[at + 1] = offsets[at]! + entries.length;
  const flat = all.flatMap(({ entries }) => entries);
  return {
    multiplicities: all.map(({ count }) => count),
    offsets,
    pair: Int32Array.from(flat, ({ pair }) => pair),
    points: Float64Array.from(flat, ({ points }) => points),
    totals: Float64Array.from(flat, ({ total }) => total),
  };
}

/** One entry a pair, in the order of the pairs. */
function addedUp(entries: Entry[]): readonly Entry[] {
  entries.sort((one, other) => one.pair - other.pair);
  const sums: Entry[] = [];
  for (const entry of entries) {
    const last = sums.at(-1);
    if (last?.pair === entry.pair) {
      last.points += entry.points;
      last.total += entry.total;
    } else sums.push({ ...entry });
  }
  return sums;
}

/** How a model's rating relates to the anchor's: known, without bound on one side, or not at all. */
export type Standing = "rated" | "above" | "below" | "apart";

/**
 * Models that can be rated against the anchor. Ratings by maximum likelihood are finite exactly among models that took points off
 * each other, around a circle if need be (Ford 1957). A model that lost no point to those is above all bounds, one that
 * won none below; one without a chain of battles, or with chains that say nothing, stands apart.
 */
export function standings(battles: readonly Battle[], anchor: string): ReadonlyMap<string, Standing> {
  const beat = new Map<string, Set<string>>();
  const lost = new Map<string, Set<string>>();
  const note = (edges: Map<string, Set<string>>, from: string, to: string): void => {
    const ends = edges.get(from) ?? new Set();
    edges.set(from, ends.add(to));
  };
  for (const { a, b, points } of battles) {
    for (const [winner, loser, won] of [
      [a, b, points > 0],
      [b, a, points < 1],
    ] as const) {
      if (!won) continue;
      note(beat, winner, loser);
      note(lost, loser, winner);
    }
  }
  const [below, above] = [reachable(beat, anchor), reachable(lost, anchor)];
  const models = [...new Set([anchor, ...battles.flatMap(({ a, b }) => [a, b])])].sort();
  return new Map(
    models.map((model) => {
      const [isBelow, isAbove] = [below.has(model), above.has(model)];
      return [model, isBelow ? (isAbove ? "rated" : "below") : isAbove ? "above" : "apart"];
    }),
  );
}

/** Models that a chain of battles joins to the anchor, in either direction; the anchor is one. */
export function joined(battles: readonly Pick<Battle, "a" | "b">[], anchor: string): ReadonlySet<string> {
  const edges = new Map<string, Set<string>>();
  for (const { a, b } of battles) {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const)
      edges.set(one, (edges.get(one) ?? new Set()).add(other));
  }
  return reachable(edges, anchor);
}

function reachable(edges: ReadonlyMap<string, ReadonlySet<string>>, from: string): ReadonlySet<string> {
  const seen = new Set([from]);
  // A set that grows while it is walked is walked to its end.
  for (const model of seen) for (const next of edges.get(model) ?? []) seen.add(next);
  return seen;
}
