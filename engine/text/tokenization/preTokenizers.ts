import { toByteLevel } from "./bytes.ts";
import {
  type TokenizerJson,
  type TokenizerObject,
  TokenizerError,
  countAt,
  flagAt,
  listAt,
  objectAt,
  textAt,
  unexpected,
} from "./fields.ts";
import type { Beginning } from "./normalizers.ts";
import { matching, patternAt } from "./patterns.ts";
import { type SplitBehaviour, behaviourAt, spansOf, splitText } from "./splitting.ts";

/** Cuts pieces of a text into smaller ones. `beginning` belongs to the first piece, and is cleared when that goes. */
type Cut = (pieces: readonly string[], beginning: Beginning) => readonly string[];

/** Splits a text into words, which the model then takes one by one. */
export interface PreTokenizer {
  readonly cut: Cut;
  /** Transforms each word, last of all: it need be done only once for a word that is remembered. */
  readonly spell: (word: string) => string;
}

const NOTHING: PreTokenizer = { cut: (pieces) => pieces, spell: (word) => word };

const WORD = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]";
const GPT2 =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gv;
const WORDS = new RegExp(`${WORD}+|[^${WORD}\\p{White_Space}]+`, "gv");
const SPACE = /\p{White_Space}/gv;
const PUNCTUATION = /[\p{P}\u{21}-\u{2f}\u{3a}-\u{40}\u{5b}-\u{60}\u{7b}-\u{7e}]/gv;
const NUMERAL = /\p{N}/gv;

/** The pre-tokenizer of a tokenizer.json. @throws {TokenizerError} when it is of no known kind. */
export function preTokenizerAt(value: TokenizerJson | undefined, place = "pre_tokenizer"): PreTokenizer {
  if (value === undefined || value === null) return NOTHING;
  const settings = objectAt(value, place);
  const type = textAt(settings["type"], `${place}.type`);
  switch (type) {
    case "Sequence":
      return sequence(
        listAt(settings["pretokenizers"], `${place}.pretokenizers`).map((one) => preTokenizerAt(one, place)),
      );
    case "ByteLevel":
      return byteLevel(settings, place);
    case "Metaspace":
      return only(metaspace(settings, place));
    case "Split":
      return only(split(settings, place));
    case "Whitespace":
      return only(splitBy(WORDS, "removed", { isInverted: true }));
    case "WhitespaceSplit":
      return only(splitBy(SPACE, "removed"));
    case "BertPreTokenizer":
      return sequence([only(splitBy(SPACE, "removed")), only(splitBy(PUNCTUATION, "isolated"))]);
    case "Punctuation":
      return only(splitBy(PUNCTUATION, behaviourAt(settings["behavior"], `${place}.behavior`, "Isolated")));
    case "Digits": {
      const isEach = flagAt(settings["individual_digits"], `${place}.individual_digits`, false);
      return only(splitBy(NUMERAL, isEach ? "isolated" : "contiguous"));
    }
    case "CharDelimiterSplit":
      return only(splitBy(patternAt({ String: settings["delimiter"] }, place), "removed"));
    case "FixedLength":
      return only(fixedLength(countAt(settings["length"], `${place}.length`, 5), place));
    default:
      throw unexpected(`${place}.type`, "a known pre-tokenizer", type);
  }
}

function only(cut: Cut): PreTokenizer {
  return { ...NOTHING, cut };
}

function sequence(all: readonly PreTokenizer[]): PreTokenizer {
  const last = all.at(-1) ?? NOTHING;
  const cut: Cut = (pieces, beginning) =>
    all.reduce((cutSoFar, { cut, spell }, idx) => {
      const words = cut(cutSoFar, beginning);
      return idx === all.length - 1 || spell === NOTHING.spell ? words : words.map(spell);
    }, pieces);
  return { cut, spell: last.spell };
}

/** Cuts each piece by itself; the beginning is lost when the first piece's first part is. */
function each(cutOne: (piece: string) => { readonly parts: readonly string[]; readonly keepsFirst: boolean }): Cut {
  return (pieces, beginning) => {
    const [first] = pieces;
    if (first === undefined) return pieces;
    const { parts, keepsFirst } = cutOne(first);
    if (!keepsFirst) beginning.isText = false;
    return pieces.length === 1 ? parts : pieces.flatMap((piece, idx) => (idx === 0 ? parts : cutOne(piece).parts));
  };
}

function splitBy(pattern: RegExp, behaviour: SplitBehaviour, { isInverted = false } = {}): Cut {
  return each((piece) => {
    const isQuick = isInverted ? behaviour === "removed" || behaviour === "isolated" : behaviour === "isolated";
    if (isQuick) {
      // Almost always, the matches cover the text, and no one need know where each of them stands.
      const found = matching(pattern, () => piece.match(pattern));
      const parts = found?.filter((part) => part !== "") ?? [];
      if (parts.reduce((length, part) => length + part.length, 0) === piece.length) return { parts, keepsFirst: true };
    }
    const spans = spansOf(piece, pattern);
    const turned = isInverted ? spans.map((span) => ({ ...span, isMatch: !span.isMatch })) : spans;
    const kept = splitText(turned, behaviour);
    return { parts: kept.map(({ start, end }) => piece.slice(start, end)), keepsFirst: kept[0]?.start === 0 };
  });
}

function split(settings: TokenizerObject, place: string): Cut {
  const pattern = patternAt(settings["pattern"], `${place}.pattern`);
  const behaviour = behaviourAt(settings["behavior"], `${place}.behavior`);
  return splitBy(pattern, behaviour, { isInverted: flagAt(settings["invert"], `${place}.invert`, false) });
}

function byteLevel(settings: TokenizerObject, place: string): PreTokenizer {
  const addsSpace = flagAt(settings["add_prefix_space"], `${place}.add_prefix_space`, true);
  const isCut = flagAt(settings["use_regex"], `${place}.use_regex`, true);
  const cut = isCut ? splitBy(GPT2, "isolated") : NOTHING.cut;
  if (!addsSpace) return { cut, spell: toByteLevel };
  return {
    cut: (pieces, beginning) =>
      cut(
        pieces.map((piece) => (piece.startsWith(" ") ? piece : ` ${piece}`)),
        beginning,
      ),
    spell: toByteLevel,
  };
}

function metaspace(settings: TokenizerObject, place: string): Cut {
  const mark = textAt(settings["replacement"], `${place}.replacement`);
  if (Array.from(mark).length !== 1) throw unexpected(`${place}.replacement`, "one character", mark);
  const scheme = textAt(settings["prepend_scheme"], `${place}.prepend_scheme`, "always");
  if (!["always", "first", "never"].includes(scheme))
    throw unexpected(`${place}.prepend_scheme`, "always, first or never", scheme);
  const addsPrefix = flagAt(settings["add_prefix_space"], `${place}.add_prefix_space`, true);
  if (!addsPrefix && scheme !== "never") {
    throw new TokenizerError(`${place}: add_prefix_space is false, and prepend_scheme "${scheme}"`);
  }
  const cut = flagAt(settings["split"], `${place}.split`, true)
    ? splitBy(patternAt({ String: mark }, place), "mergedWithNext")
    : NOTHING.cut;
  return (pieces, beginning) => {
    const marked = pieces.map((piece, idx) => {
      const replaced = piece.replaceAll(" ", () => mark);
      const isMarked = scheme === "always" || (scheme === "first" && idx === 0 && beginning.isText);
      return isMarked && !replaced.startsWith(mark) ? mark + replaced : replaced;
    });
    return cut(marked, beginning);
  };
}

function fixedLength(length: number, place: string): Cut {
  if (length === 0) throw unexpected(`${place}.length`, "a length of 1 or more", length);
  return each((piece) => {
    const chars = Array.from(piece);
    const parts = Array.from({ length: Math.ceil(chars.length / length) }, (_, part) =>
      chars.slice(part * length, (part + 1) * length).join(""),
    );
    return { parts, keepsFirst: true };
  });
}
