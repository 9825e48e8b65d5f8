import { byteOfToken, fromByteLevel, textOfBytes } from "./bytes.ts";
import {
  type TokenizerJson,
  type TokenizerObject,
  countAt,
  flagAt,
  listAt,
  objectAt,
  textAt,
  unexpected,
} from "./fields.ts";
import { patternAt } from "./patterns.ts";
import { spansOf } from "./splitting.ts";

/** Makes pieces of text from tokens; put one after the other, they are the text. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

/** The decoder of a tokenizer.json; undefined where it has none. @throws {TokenizerError} when it is of no known kind. */
export function decoderAt(value: TokenizerJson | undefined, place = "decoder"): Decoder | undefined {
  if (value === undefined || value === null) return undefined;
  const settings = objectAt(value, place);
  const type = textAt(settings["type"], `${place}.type`);
  switch (type) {
    case "Sequence": {
      const all = listAt(settings["decoders"], `${place}.decoders`).map((one) => decoderAt(one, place));
      return (tokens) => all.reduce((decoded, decode) => decode?.(decoded) ?? decoded, tokens);
    }
    case "ByteLevel":
      return (tokens) => [fromByteLevel(tokens)];
    case "ByteFallback":
      return byteFallback;
    case "Fuse":
      return (tokens) => [tokens.join("")];
    case "Replace":
      return replace(settings, place);
    case "Strip":
      return strip(settings, place);
    case "Metaspace":
      return metaspace(settings, place);
    case "WordPiece":
      return wordPiece(settings, place);
    case "BPEDecoder": {
      const suffix = textAt(settings["suffix"], `${place}.suffix`, "</w>");
      return (tokens) => tokens.map((token, at) => token.replaceAll(suffix, at === tokens.length - 1 ? "" : " "));
    }
    case "CTC":
      return ctc(settings, place);
    default:
      throw unexpected(`${place}.type`, "a known decoder", type);
  }
}

/** Runs of byte tokens become the text that the bytes are. */
function byteFallback(tokens: readonly string[]): string[] {
  const pieces: string[] = [];
  let bytes: number[] = [];
  for (const token of tokens) {
    const byte = byteOfToken(token);
    if (byte !== undefined) bytes.push(byte);
    else {
      for (const piece of textOfBytes(bytes)) pieces.push(piece);
      bytes = [];
      pieces.push(token);
    }
  }
  for (const piece of textOfBytes(bytes)) pieces.push(piece);
  return pieces;
}

function replace(settings: TokenizerObject, place: string): Decoder {
  const pattern = patternAt(settings["pattern"], `${place}.pattern`);
  const content = textAt(settings["content"], `${place}.content`);
  return (tokens) =>
    tokens.map((token) =>
      spansOf(token, pattern)
        .map(({ start, end, isMatch }) => (isMatch ? content : token.slice(start, end)))
        .join(""),
    );
}

/** Takes a character off the beginning and the end of each token, as often as it stands there, up to a number. */
function strip(settings: TokenizerObject, place: string): Decoder {
  const content = textAt(settings["content"], `${place}.content`);
  const most = {
    start: countAt(settings["start"], `${place}.start`),
    stop: countAt(settings["stop"], `${place}.stop`),
  };
  return (tokens) =>
    tokens.map((token) => {
      const chars = Array.from(token);
      let start = 0;
      while (start < most.start && start < chars.length && chars[start] === content) start++;
      let end = chars.length;
      while (chars.length - end < most.stop && end > start && chars[end - 1] === content) end--;
      return chars.slice(start, end).join("");
    });
}

function metaspace(settings: TokenizerObject, place: string): Decoder {
  const mark = textAt(settings["replacement"], `${place}.replacement`, "▁");
  const hasPrefix =
    textAt(settings["prepend_scheme"], `${place}.prepend_scheme`, "always") !== "never" &&
    flagAt(settings["add_prefix_space"], `${place}.add_prefix_space`, true);
  // In the first token, every mark goes, not only the first.
  return (tokens) => tokens.map((token, at) => token.replaceAll(mark, at === 0 && hasPrefix ? "" : " "));
}

function wordPiece(settings: TokenizerObject, place: string): Decoder {
  const prefix = textAt(settings["prefix"], `${place}.prefix`, "##");
  const isCleaned = flagAt(settings["cleanup"], `${place}.cleanup`, true);
  return (tokens) =>
    tokens.map((token, at) => {
      const text = at === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      return isCleaned ? cleaned(text) : text;
    });
}

function ctc(settings: TokenizerObject, place: string): Decoder {
  const pad = textAt(settings["pad_token"], `${place}.pad_token`, "<pad>");
  const delimiter = textAt(settings["word_delimiter_token"], `${place}.word_delimiter_token`, "|");
  const isCleaned = flagAt(settings["cleanup"], `${place}.cleanup`, true);
  return (tokens) =>
    tokens
      .filter((token, at) => token !== tokens[at - 1])
      .map((token) => token.replaceAll(pad, ""))
      .map((text) => (isCleaned ? cleaned(text).replaceAll(delimiter, " ") : text));
}

/** WordPiece's cleaning of a token: as transformers' of a text, and one more. */
function cleaned(text: string): string {
  return tidied(text, [[" do not", " don't"]]);
}

const BEFORE = [" .", " ?", " !", " ,"] as const;
const SHORTENED = [" 's", " 've", " 're"] as const;

/** Text without the spaces before punctuation that some tokenizers leave: transformers' `clean_up_tokenization`. */
export function tidied(text: string, more: readonly (readonly [string, string])[] = []): string {
  const changes = [
    ...BEFORE.map((mark) => [mark, mark.slice(1)] as const),
    [" ' ", "'"] as const,
    ...[" n't", " 'm"].map((mark) => [mark, mark.slice(1)] as const),
    ...more,
    ...SHORTENED.map((mark) => [mark, mark.slice(1)] as const),
  ];
  return changes.reduce((tidy, [mark, change]) => tidy.replaceAll(mark, change), text);
}
