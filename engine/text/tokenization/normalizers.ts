import { toByteLevel } from "./bytes.ts";
import { type TokenizerJson, type TokenizerObject, flagAt, listAt, objectAt, textAt, unexpected } from "./fields.ts";
import { patternAt } from "./patterns.ts";
import { precompiled } from "./precompiled.ts";
import { spansOf } from "./splitting.ts";

/** True where a piece of text begins where the given text began; marks of a beginning are put there only. */
export interface Beginning {
  isText: boolean;
}

/** Changes a text before it is cut up. It clears `beginning.isText` when the first character goes. */
export type Normalizer = (text: string, beginning: Beginning) => string;

const LEADING_SPACE = /^\p{White_Space}+/v;
const TRAILING_SPACE = /\p{White_Space}+$/v;
/** Code points that are removed, and that become spaces, in neural machine translation's rules. */
const NMT_REMOVED = /[[\p{ASCII}&&\p{Cc}]--[\0\t\n\f\r]]|[\u{8f}\u{9f}]/gv;
const NMT_SPACE = /[\t\n\f\r\u{1680}\u{200b}-\u{200f}\u{2028}\u{2029}\u{2581}\u{feff}\u{fffd}]/gv;
/** In BERT's rules: control characters but for tab and line ends, and ideographs of the blocks that it lists. */
const BERT_REMOVED = /[\0\u{fffd}[[\p{Cc}\p{Cf}\p{Co}]--[\t\n\r]]]/gv;
const BERT_IDEOGRAPH =
  /[\u{4e00}-\u{9fff}\u{3400}-\u{4dbf}\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{f900}-\u{faff}\u{2f800}-\u{2fa1f}]/gv;

/** The normalizer of a tokenizer.json. @throws {TokenizerError} when it is of no known kind. */
export function normalizerAt(value: TokenizerJson | undefined, place = "normalizer"): Normalizer {
  if (value === undefined || value === null) return (text) => text;
  const settings = objectAt(value, place);
  const type = textAt(settings["type"], `${place}.type`);
  switch (type) {
    case "Sequence": {
      const all = listAt(settings["normalizers"], `${place}.normalizers`).map((one) => normalizerAt(one, place));
      return (text, beginning) => all.reduce((changed, normalize) => normalize(changed, beginning), text);
    }
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      return (text) => text.normalize(type);
    case "Lowercase":
      return lowercase;
    case "Strip":
      return strip(settings, place);
    case "StripAccents":
      return (text, beginning) => remove(text, /\p{M}/gv, beginning);
    case "Nmt":
      return (text, beginning) => remove(text, NMT_REMOVED, beginning).replace(NMT_SPACE, " ");
    case "ByteLevel":
      return toByteLevel;
    case "Prepend": {
      const prefix = textAt(settings["prepend"], `${place}.prepend`);
      return (text) => (text === "" ? "" : prefix + text);
    }
    case "Replace":
      return replace(settings, place);
    case "Precompiled":
      return precompiled(settings["precompiled_charsmap"], `${place}.precompiled_charsmap`);
    case "BertNormalizer":
      return bert(settings, place);
    default:
      throw unexpected(`${place}.type`, "a known normalizer", type);
  }
}

/** Lower case, each character by itself: a sigma stays one at the end of a word, too. */
function lowercase(text: string): string {
  return text.replaceAll("Σ", "σ").toLowerCase();
}

function strip(settings: TokenizerObject, place: string): Normalizer {
  const isLeft = flagAt(settings["strip_left"], `${place}.strip_left`, true);
  const isRight = flagAt(settings["strip_right"], `${place}.strip_right`, true);
  return (text, beginning) => {
    const from = isLeft ? (LEADING_SPACE.exec(text)?.[0].length ?? 0) : 0;
    if (from > 0) beginning.isText = false;
    return isRight ? withoutTrailingSpace(text.slice(from)) : text.slice(from);
  };
}

/** By hand: the pattern alone would begin again at each run of white space within the text. */
function withoutTrailingSpace(text: string): string {
  let end = text.length;
  while (end > 0 && TRAILING_SPACE.test(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

function replace(settings: TokenizerObject, place: string): Normalizer {
  const pattern = patternAt(settings["pattern"], `${place}.pattern`);
  const content = textAt(settings["content"], `${place}.content`);
  return (text, beginning) => {
    const spans = spansOf(text, pattern);
    const [first] = spans;
    // Text that is put there belongs to the last character that it replaces.
    if (first?.isMatch === true && (content === "" || Array.from(text.slice(0, first.end)).length > 1)) {
      beginning.isText = false;
    }
    return spans.map(({ start, end, isMatch }) => (isMatch ? content : text.slice(start, end))).join("");
  };
}

function bert(settings: TokenizerObject, place: string): Normalizer {
  const isCleaned = flagAt(settings["clean_text"], `${place}.clean_text`, true);
  const hasIdeographsApart = flagAt(settings["handle_chinese_chars"], `${place}.handle_chinese_chars`, true);
  const isLowercase = flagAt(settings["lowercase"], `${place}.lowercase`, true);
  const isStripped = flagAt(settings["strip_accents"], `${place}.strip_accents`, isLowercase);
  return (given, beginning) => {
    let text = given;
    if (isCleaned) text = remove(text, BERT_REMOVED, beginning).replace(/\p{White_Space}/gv, " ");
    if (hasIdeographsApart) text = text.replace(BERT_IDEOGRAPH, " $& ");
    if (isStripped) text = remove(text.normalize("NFD"), /\p{Mn}/gv, beginning);
    return isLowercase ? lowercase(text) : text;
  };
}

function remove(text: string, pattern: RegExp, beginning: Beginning): string {
  const kept = text.replace(pattern, "");
  if (kept.length < text.length && text.search(pattern) === 0) beginning.isText = false;
  return kept;
}
