import { formatBytes } from "./format.ts";

/** Memory of the cards that there are, in the gigabytes that they are called by. */
const CARD_SIZES = [8, 16, 24, 48, 80, 141] as const;

/** Least share of the gibibytes in a card's name that the driver reports: 81,559 MiB of 80, say. */
const SHARE = 0.98;
/** Memory of a context, compiled kernels and a display. */
const TAKEN_BYTES = 0.6 * 2 ** 30;

/** Memory of a card of so many bytes that models can have. */
export function usableOf(memoryBytes: number): number {
  return memoryBytes - TAKEN_BYTES;
}

/** The same of a card that is called by so many gigabytes. */
function usableBytes(gigabytes: number): number {
  return usableOf(SHARE * gigabytes * 2 ** 30);
}

/** The smallest of the usual cards that holds so much, in gigabytes; undefined where none does. */
export function smallestCard(bytes: number): number | undefined {
  return CARD_SIZES.find((size) => usableBytes(size) >= bytes);
}

/** Memory of a card that a stage takes. */
interface CardStage {
  readonly id: string;
  readonly cardBytes?: number | undefined;
  readonly savepointBytes?: number | undefined;
}

/**
 * Says which of the usual cards hold all of a run's stages: "on a card: at most 9.1 GiB, in PPO; too much for 8 GB, room on 16, 24,
 * 48, 80 and 141 GB; savepoints take up to 1.5 GiB of the host's memory"; undefined where nothing is known or computed.
 */
export function cardsText(stages: readonly CardStage[], nameOf: (id: string) => string): string | undefined {
  const largest = stages.toSorted((a, b) => (b.cardBytes ?? 0) - (a.cardBytes ?? 0))[0];
  const bytes = largest?.cardBytes ?? 0;
  if (largest === undefined || bytes === 0) return undefined;
  const fits = CARD_SIZES.filter((size) => usableBytes(size) >= bytes);
  const others = CARD_SIZES.filter((size) => usableBytes(size) < bytes);
  const told = [
    ...(others.length === 0 ? [] : [`too much for ${listText(others)} GB`]),
    ...(fits.length === 0 ? [] : [`room on ${listText(fits)} GB`]),
  ];
  const saved = Math.max(...stages.map(({ savepointBytes = 0 }) => savepointBytes));
  const onHost = saved === 0 ? "" : `; savepoints take up to ${formatBytes(saved)} of the host's memory`;
  return `on a card: at most ${formatBytes(bytes)}, in ${nameOf(largest.id)}; ${told.join(", ")}${onHost}`;
}

/** A run's peak on a card, with some settings changed. */
interface FoundFit {
  readonly changes: readonly string[];
  readonly cardBytes: number;
  readonly fits: boolean;
}

/** Says how a run that is too large for its card comes to fit, or that it does not; undefined where it fits as it is. */
export function fitText(name: string, memoryBytes: number, { changes, cardBytes, fits }: FoundFit): string | undefined {
  if (changes.length === 0 && fits) return undefined;
  const start = `${name} has ${formatBytes(usableOf(memoryBytes))} for models, which is too little`;
  const then = `it then takes ${formatBytes(cardBytes)}`;
  if (fits) return `${start}: set ${changes.join(", ")}; ${then}`;
  const card = smallestCard(cardBytes);
  const place = card === undefined ? "which no card of these sizes has" : `for which a card of ${card} GB is enough`;
  return `${start}, whatever is set: nearest is ${changes.join(", ")}; ${then}, ${place}`;
}

function listText(sizes: readonly number[]): string {
  const last = sizes.at(-1) ?? 0;
  return sizes.length === 1 ? String(last) : `${sizes.slice(0, -1).join(", ")} and ${last}`;
}
