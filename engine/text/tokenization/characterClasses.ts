/** Characters of the classes that have names, as the inside of a class. */
const NAMED = {
  alnum: "\\p{Alphabetic}\\p{Nd}",
  alpha: "\\p{Alphabetic}",
  ascii: "\\0-\\x7F",
  blank: "\\t\\p{Zs}",
  cntrl: "\\p{Cc}",
  digit: "\\p{Nd}",
  graph: "[^\\p{White_Space}\\p{Cc}\\p{Cn}\\p{Cs}]",
  lower: "\\p{Lowercase}",
  punct: "\\p{P}\\p{S}",
  space: "\\p{White_Space}",
  upper: "\\p{Uppercase}",
  word: "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}",
  xdigit: "0-9A-Fa-f",
} as const;

/** Letters that stand for a class after a backslash. */
export const SHORTHANDS = {
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  // By itself, not in a class, the shorthand takes superscripts and fractions of Latin-1, too.
  w: `[${NAMED.word}\\xB2\\xB3\\xB9\\xBC-\\xBE]`,
  W: `[^${NAMED.word}\\xB2\\xB3\\xB9\\xBC-\\xBE]`,
  h: `[${NAMED.xdigit}]`,
  H: `[^${NAMED.xdigit}]`,
  n: "\\n",
  r: "\\r",
  t: "\\t",
  f: "\\f",
  v: "\\v",
  a: "\\x07",
  e: "\\x1B",
} as const;

/** The same, within a class. */
const IN_CLASS: Readonly<Record<string, string>> = {
  ...SHORTHANDS,
  w: `[${NAMED.word}]`,
  W: `[^${NAMED.word}]`,
};

/** A property of characters: `\p{Han}`, `\P{L}`, `\p{^Lu}`. */
export const PROPERTY = /^\\([pP])\{(\^?)([A-Za-z0-9_ =-]+)\}/;

const POSIX = /^\[:(\^?)([a-z]+):\]/;
const CODE = /^\\(?:x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4}))/;
const DEEPEST = 20;

/** The class of a property. @throws {SyntaxError} when there is none of that name. */
export function propertyClass([, kind = "p", caret, name = ""]: RegExpExecArray): string {
  const isNegated = (kind === "P") !== (caret === "^");
  const key = name.toLowerCase();
  const named = key === "punct" ? "\\p{P}" : Object.hasOwn(NAMED, key) ? NAMED[key as keyof typeof NAMED] : undefined;
  if (named !== undefined) return `[${isNegated ? "^" : ""}${named}]`;
  for (const property of [name, `Script=${name}`]) {
    try {
      return new RegExp(`\\${isNegated ? "P" : "p"}{${property}}`, "v").source;
    } catch {
      // it may be the name of a script
    }
  }
  throw new SyntaxError(`no property of characters is called ${name}`);
}

/** A character as itself, inside a class or outside of it. */
export function literal(char: string): string {
  return /^[\p{L}\p{N}_ ]$/v.test(char) ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

/** All letters that have another case; none stands above U+1FFFF. */
let casedLetters: string | undefined;

/**
 * A character or class `atom` with all cases of its letters: `[aA]`, `[[^k]…]`.
 *
 * Written out, since V8 up to 13.6 (Node 24) at times forgets `(?i:…)` in patterns with alternatives (V8's issue
 * 447583670): the first alternative's flag then holds for those after it, depending on how the pattern is compiled.
 */
export function caseless(atom: string): string {
  casedLetters ??= Array.from({ length: 0x20000 }, (_, code) => String.fromCodePoint(code))
    .filter((char) => /^[\p{Changes_When_Casemapped}\p{Changes_When_Casefolded}]$/v.test(char))
    .join("");
  // Oniguruma folds the class first, and negates it then.
  const isNegated = atom.startsWith("[^");
  const positive = isNegated ? `[${atom.slice(2)}` : atom;
  const members = casedLetters.match(new RegExp(positive, "gv")) ?? [];
  if (members.length === 0) return atom;
  const known = new Set(members);
  const folded = casedLetters.match(new RegExp(`[${members.map(literal).join("")}]`, "giv")) ?? [];
  const others = folded.filter((char) => !known.has(char));
  return others.length === 0 ? atom : `[${isNegated ? "^" : ""}${positive}${others.map(literal).join("")}]`;
}

/** Reads one class in brackets, with ranges, classes in it, and intersections. */
export class ClassReader {
  /** The place after what was read. */
  at: number;
  private readonly source: string;
  private depth = 0;

  constructor(source: string, at: number) {
    this.source = source;
    this.at = at;
  }

  /** The class at `at`. @throws {SyntaxError} */
  read(): string {
    if (++this.depth > DEEPEST) throw new SyntaxError("classes are nested too deep");
    this.at++;
    const caret = this.source[this.at] === "^" ? "^" : "";
    this.at += caret.length;
    /** Sides of an intersection. */
    const sides = [""];
    for (let isFirst = true; this.source[this.at] !== "]" || isFirst; isFirst = false) {
      if (this.at >= this.source.length) throw new SyntaxError("a class has no end");
      if (this.source.startsWith("&&", this.at)) {
        this.at += 2;
        sides.push("");
      } else sides.push((sides.pop() ?? "") + this.part());
    }
    this.at++;
    this.depth--;
    const [only = ""] = sides;
    const body = sides.length === 1 ? only : sides.map((side) => `[${side}]`).join("&&");
    return `[${caret}${body}]`;
  }

  /** A character, a range, or a class within the class. */
  private part(): string {
    const posix = POSIX.exec(this.source.slice(this.at, this.at + 20));
    if (posix !== null) {
      this.at += posix[0].length;
      return namedClass(posix[2] ?? "", posix[1] === "^");
    }
    if (this.source[this.at] === "[") return this.read();
    const first = this.item();
    const hasRange = this.source[this.at] === "-" && !["]", undefined].includes(this.source[this.at + 1]);
    if (!hasRange || !first.isChar) return first.text;
    this.at++;
    const last = this.item();
    return last.isChar ? `${first.text}-${last.text}` : `${first.text}\\-${last.text}`;
  }

  private item(): { readonly text: string; readonly isChar: boolean } {
    const rest = this.source.slice(this.at, this.at + 60);
    const char = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    if (char !== "\\") {
      this.at += char.length;
      return { text: literal(char), isChar: true };
    }
    const property = PROPERTY.exec(rest);
    const code = CODE.exec(rest);
    const matched = property ?? code;
    if (matched !== null) {
      this.at += matched[0].length;
      if (property !== null) return { text: propertyClass(property), isChar: false };
      return { text: `\\u{${code?.[1] ?? code?.[2] ?? code?.[3] ?? ""}}`, isChar: true };
    }
    const escaped = String.fromCodePoint(rest.codePointAt(1) ?? 0);
    this.at += 1 + escaped.length;
    const known = IN_CLASS[escaped];
    if (known !== undefined) return { text: known, isChar: /^\\[a-z0-9]+$/i.test(known) && !/^\\[pP]/.test(known) };
    if (/[A-Za-z0-9]/.test(escaped)) throw new SyntaxError(`\\${escaped} is not known in a class`);
    return { text: literal(escaped), isChar: true };
  }
}

function namedClass(name: string, isNegated: boolean): string {
  if (!Object.hasOwn(NAMED, name)) throw new SyntaxError(`no class is called ${name}`);
  return `[${isNegated ? "^" : ""}${NAMED[name as keyof typeof NAMED]}]`;
}
