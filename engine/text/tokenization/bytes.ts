/** Code unit that stands for each byte in byte-level vocabularies, `[256]`: itself where it prints, else 256 and on. */
const UNIT_OF_BYTE = unitsOfBytes();
const BYTE_OF_UNIT = new Map([...UNIT_OF_BYTE].map((unit, byte) => [unit, byte]));

const UTF8 = new TextEncoder();
/** As Rust's `from_utf8_lossy`: one U+FFFD for each longest invalid beginning; a byte-order mark is a character. */
const LOSSY = new TextDecoder("utf-8", { ignoreBOM: true });
const STRICT = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Bytes of a text, as UTF-8. */
export function utf8(text: string): Uint8Array {
  return UTF8.encode(text);
}

/** The text with each of its UTF-8 bytes as the character that byte-level vocabularies write for it. */
export function toByteLevel(text: string): string {
  let mapped = "";
  for (const byte of UTF8.encode(text)) mapped += String.fromCharCode(UNIT_OF_BYTE[byte] ?? 0);
  return mapped;
}

/** The text of byte-level tokens; a token with other characters stands for itself. */
export function fromByteLevel(tokens: readonly string[]): string {
  const bytes = tokens.flatMap((token) => [...(bytesOf(token) ?? UTF8.encode(token))]);
  return LOSSY.decode(Uint8Array.from(bytes));
}

/** The text of bytes, or U+FFFD for each of them where they are not valid UTF-8. */
export function textOfBytes(bytes: readonly number[]): readonly string[] {
  if (bytes.length === 0) return [];
  try {
    return [STRICT.decode(Uint8Array.from(bytes))];
  } catch {
    return bytes.map(() => "\u{FFFD}");
  }
}

/** The token that stands for a byte in vocabularies that fall back to bytes: `<0x0A>`. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/** The byte that such a token stands for. */
export function byteOfToken(token: string): number | undefined {
  // Rust's parser of numbers takes a sign, too.
  const [, digits] = /^<0x(\+?[0-9A-Fa-f]{1,2})>$/.exec(token) ?? [];
  return digits?.length === 2 ? Number.parseInt(digits, 16) : undefined;
}

function bytesOf(token: string): number[] | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < token.length; at++) {
    const byte = BYTE_OF_UNIT.get(token.charCodeAt(at));
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes;
}

function unitsOfBytes(): Uint16Array {
  const units = new Uint16Array(256);
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    units[byte] = prints ? byte : next++;
  }
  return units;
}
