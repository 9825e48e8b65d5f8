import { createHash } from "node:crypto";
import { type Question, asTurns } from "../protocol/conversation.ts";
import type { AnyRecord } from "./records.ts";

/** The first 64 bits of the SHA-256 of some texts, which end where a NUL stands. */
export function digestOf(...texts: readonly string[]): bigint {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest().readBigUInt64BE();
}

/**
 * Stand-in for a record's prompt when data is split: equal for a text and for the one turn of a user that says it. Of
 * a conversation for SFT it is all before the assistant's first turn.
 */
export function promptText(record: AnyRecord): string {
  if (!("messages" in record)) return questionText(record.prompt);
  const first = record.messages.findIndex(({ role }) => role === "assistant");
  return questionText(first < 0 ? record.messages : record.messages.slice(0, first));
}

function questionText(question: Question): string {
  return JSON.stringify(asTurns(question).map(({ role, content }) => [role, content.trim()]));
}

/** A set of 64-bit digests that takes 8 to 32 bytes for each. */
export class DigestSet {
  private slots = new BigUint64Array(1024);
  private count = 0;
  private hasZero = false;

  /** @returns False if it was there. */
  add(digest: bigint): boolean {
    if (digest === 0n) {
      const isNew = !this.hasZero;
      this.hasZero = true;
      return isNew;
    }
    if (this.count * 2 >= this.slots.length) this.grow();
    if (!put(this.slots, digest)) return false;
    this.count += 1;
    return true;
  }

  private grow(): void {
    const larger = new BigUint64Array(this.slots.length * 2);
    for (const digest of this.slots) if (digest !== 0n) put(larger, digest);
    this.slots = larger;
  }
}

/** Puts a digest into the first free slot from its own on; there always is one. @returns False if it was there. */
function put(slots: BigUint64Array, digest: bigint): boolean {
  const last = slots.length - 1; // lengths are powers of two
  for (let at = Number(digest & BigInt(last)); ; at = (at + 1) & last) {
    const other = slots[at];
    if (other === digest) return false;
    if (other === 0n) {
      slots[at] = digest;
      return true;
    }
  }
}
