/** Places in a text, in the order in which they are to merge: by rank, then from the left. A heap in a flat array. */
export class MergeQueue {
  /** The last that `pop` took. */
  rank = 0;
  at = 0;
  /** Rank times 2³⁰ plus place: below 2⁵³ as long as there are fewer than 8 million merges. */
  private readonly heap: number[] = [];

  push(rank: number, at: number): void {
    const { heap } = this;
    const key = rank * STRIDE + at;
    let hole = heap.push(key) - 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = heap[parent] ?? 0;
      if (above <= key) break;
      heap[hole] = above;
      hole = parent;
    }
    heap[hole] = key;
  }

  /** Takes the first one into `rank` and `at`; false where there is none. */
  pop(): boolean {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return false;
    this.rank = Math.floor(first / STRIDE);
    this.at = first % STRIDE;
    if (heap.length > 0) this.sink(last);
    return true;
  }

  private sink(key: number): void {
    const { heap } = this;
    let hole = 0;
    for (let child = 1; child < heap.length; child = 2 * hole + 1) {
      if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
      const below = heap[child] ?? 0;
      if (below >= key) break;
      heap[hole] = below;
      hole = child;
    }
    heap[hole] = key;
  }
}

const STRIDE = 2 ** 30;
