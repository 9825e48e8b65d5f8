const FREE = -1;

/** A hash table from pairs of whole numbers to whole numbers, all below 2³¹, in a few flat arrays. */
export class PairTable {
  /** Left, right and value of each slot, `[slots, 3]`; at most half of the slots are taken. */
  private slots: Int32Array;
  private mask: number;
  private nTaken = 0;

  constructor(nExpected = 16) {
    const nSlots = 2 ** Math.ceil(Math.log2(Math.max(16, nExpected * 2)));
    this.slots = new Int32Array(nSlots * 3).fill(FREE);
    this.mask = nSlots - 1;
  }

  /** The value of a pair; -1 where it has none. */
  get(left: number, right: number): number {
    const { slots, mask } = this;
    for (let slot = hash(left, right) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 3;
      if (slots[at] === left && slots[at + 1] === right) return slots[at + 2] ?? FREE;
      if (slots[at] === FREE) return FREE;
    }
  }

  /** Gives a pair a value, in place of the one it has. */
  set(left: number, right: number, value: number): void {
    if ((this.nTaken + 1) * 2 > this.mask + 1) this.grow();
    const { slots, mask } = this;
    let slot = hash(left, right) & mask;
    while (slots[slot * 3] !== FREE && (slots[slot * 3] !== left || slots[slot * 3 + 1] !== right)) {
      slot = (slot + 1) & mask;
    }
    if (slots[slot * 3] === FREE) this.nTaken++;
    slots.set([left, right, value], slot * 3);
  }

  private grow(): void {
    const { slots } = this;
    this.slots = new Int32Array(slots.length * 2).fill(FREE);
    this.mask = this.mask * 2 + 1;
    this.nTaken = 0;
    for (let at = 0; at < slots.length; at += 3) {
      if (slots[at] !== FREE) this.set(slots[at] ?? 0, slots[at + 1] ?? 0, slots[at + 2] ?? 0);
    }
  }
}

/** Spreads neighbouring numbers over the table; the constants are odd and without a pattern. */
function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
