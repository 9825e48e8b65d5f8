import { type TokenizerJson, textAt, unexpected } from "./fields.ts";
import { matching } from "./patterns.ts";

/** Fate of the places where a pattern matches. */
export type SplitBehaviour = "removed" | "isolated" | "mergedWithPrevious" | "mergedWithNext" | "contiguous";

const BEHAVIOURS: Readonly<Record<string, SplitBehaviour>> = {
  Removed: "removed",
  Isolated: "isolated",
  MergedWithPrevious: "mergedWithPrevious",
  MergedWithNext: "mergedWithNext",
  Contiguous: "contiguous",
};

/** A part of a text: where it begins and ends, and whether the pattern matched it. */
export interface SplitSpan {
  readonly start: number;
  readonly end: number;
  readonly isMatch: boolean;
}

/** The behaviour that a tokenizer.json names. @throws {TokenizerError} */
export function behaviourAt(value: TokenizerJson | undefined, place: string, absent?: string): SplitBehaviour {
  const name = textAt(value, place, absent);
  const behaviour = Object.hasOwn(BEHAVIOURS, name) ? BEHAVIOURS[name] : undefined;
  if (behaviour === undefined) throw unexpected(place, Object.keys(BEHAVIOURS).join(", "), value);
  return behaviour;
}

/** Cuts a text into what matches a pattern and what stands between, without gaps; a match may be empty. */
export function spansOf(text: string, pattern: RegExp): SplitSpan[] {
  return matching(pattern, () => cut(text, pattern));
}

function cut(text: string, pattern: RegExp): SplitSpan[] {
  const spans: SplitSpan[] = [];
  let last = 0;
  let isAfterMatch = false;
  for (const { 0: match, index: start } of text.matchAll(pattern)) {
    const end = start + match.length;
    // Oniguruma does not take an empty match where another has just ended.
    if (end === start && start === last && isAfterMatch) continue;
    if (last < start) spans.push({ start: last, end: start, isMatch: false });
    spans.push({ start, end, isMatch: true });
    last = end;
    isAfterMatch = true;
  }
  if (last < text.length) spans.push({ start: last, end: text.length, isMatch: false });
  return spans;
}

/** The parts of a cut text, treated as `behaviour` says; empty ones are left out. */
export function splitText(spans: readonly SplitSpan[], behaviour: SplitBehaviour): SplitSpan[] {
  return merged(spans, behaviour).filter(({ start, end }) => end > start);
}

function merged(spans: readonly SplitSpan[], behaviour: SplitBehaviour): readonly SplitSpan[] {
  switch (behaviour) {
    case "isolated":
      return spans;
    case "removed":
      return spans.filter(({ isMatch }) => !isMatch);
    case "contiguous":
      return fold(spans, (span, before) => span.isMatch === before);
    case "mergedWithPrevious":
      return fold(spans, (span, before) => span.isMatch && !before);
    case "mergedWithNext":
      return fold(spans.toReversed(), (span, before) => span.isMatch && !before).reverse();
  }
}

/** Joins a span to the one before where `joins` says so, given whether the pattern matched the one before. */
function fold(spans: readonly SplitSpan[], joins: (span: SplitSpan, before: boolean) => boolean): SplitSpan[] {
  const folded: SplitSpan[] = [];
  let before = false;
  for (const span of spans) {
    const last = joins(span, before) ? folded.pop() : undefined;
    if (last === undefined) folded.push(span);
    else folded.push({ ...last, start: Math.min(last.start, span.start), end: Math.max(last.end, span.end) });
    before = span.isMatch;
  }
  return folded;
}
