import { ClassReader, PROPERTY, SHORTHANDS, caseless, literal, propertyClass } from "./characterClasses.ts";
import { within } from "../within.ts";
import { TokenizerError, type TokenizerJson, isObject, textAt, unexpected } from "./fields.ts";

/** Anchors and the like of Oniguruma's Ruby syntax, in which tokenizer.json writes its patterns. */
const WORD = SHORTHANDS.w;
const ANCHORS: Readonly<Record<string, string>> = {
  A: "(?<![\\s\\S])",
  z: "(?![\\s\\S])",
  Z: "(?=\\n?(?![\\s\\S]))",
  b: `(?:(?<!${WORD})(?=${WORD})|(?<=${WORD})(?!${WORD}))`,
  B: `(?:(?<!${WORD})(?!${WORD})|(?<=${WORD})(?=${WORD}))`,
  R: "(?:\\r\\n|[\\n-\\r\\u0085\\u2028\\u2029])",
};
/** Those without a backslash; the dot stops at line ends. */
const UNESCAPED: Readonly<Record<string, string>> = { ".": "[^\\n]", "^": "(?<![^\\n])", $: "(?![^\\n])" };
const GROUP = /^\((?:\?(?:<?[=!]|[:>]|<[A-Za-z_]\w*>|[im]*(?:-[im]+)?[:)]))?/;
const INTERVAL = /^\{(\d*)(,?)(\d*)\}/;
/** Longest pattern, in code units, and most groups in groups: the known ones have some 300 and 3. */
const LONGEST = 4000;
const DEEPEST = 100;
/**
 * Repetitions within each other, and how many have others within: known patterns have two and three. V8 writes out their
 * first rounds, which takes time without end for sixty, and aborts the process where it fills the memory.
 */
const DEEPEST_REPEATED = 4;
const MOST_NESTED = 16;

/**
 * The pattern of a tokenizer.json, `{"String"}` or `{"Regex"}`, for this language's regular expressions.
 *
 * The pattern is Oniguruma's. Differences are named: letters without regard to case match one to one (not `ss` for `ß`),
 * and characters have the properties of this program's Unicode version.
 * @throws {TokenizerError} when it uses what cannot be translated.
 */
export function patternAt(value: TokenizerJson | undefined, place: string): RegExp {
  if (!isObject(value)) throw unexpected(place, "a pattern", value);
  const text = value["String"];
  const source = textAt(text ?? value["Regex"], place);
  try {
    if (text !== undefined) return compiled(Array.from(source, literal).join(""));
    const translation = new Translation(source);
    const pattern = compiled(translation.translate());
    if (translation.mayBacktrack) BACKTRACKING.set(pattern, `${place}: ${JSON.stringify(source.slice(0, 200))}`);
    return pattern;
  } catch (cause) {
    throw new TokenizerError(`${place}: ${JSON.stringify(source.slice(0, 200))} is not a pattern that can be run`, {
      cause,
    });
  }
}

/** A regular expression that V8 can run: it finds that one is too large only where it is first used. @throws {SyntaxError} */
function compiled(source: string): RegExp {
  const pattern = new RegExp(source, "gv");
  // Texts of Latin letters and others are run by different code.
  for (const text of ["a", "\u0101"]) text.replace(pattern, "");
  return pattern;
}

/** Patterns that may take time without end on some texts, with their place and text. */
const BACKTRACKING = new WeakMap<RegExp, string>();
/** Milliseconds that such a pattern may take on a text. */
const MOST_MS = 5000;

/**
 * Does the work of matching a pattern of a tokenizer.json in one text.
 * @throws {SlowPatternError} when it takes too long: the pattern may be anybody's.
 */
export function matching<T>(pattern: RegExp, work: () => T): T {
  const what = BACKTRACKING.get(pattern);
  if (what === undefined) return work();
  const done = within(MOST_MS, work);
  if (done !== undefined) return done.result;
  throw new SlowPatternError(`${what} takes more than ${MOST_MS / 1000} s on a text`);
}

/** A pattern that was cut off; the message says which and how long it took. */
export class SlowPatternError extends Error {
  override readonly name = "SlowPatternError";
}

/** End of an open group, and whether case mattered before it. */
interface Open {
  readonly close: string;
  readonly start: number;
  readonly wasCaseless: boolean;
  /** Deepest repetition before it, in the group that it stands in. */
  readonly repeatedBefore: number;
}

/**
 * Repetitions without a bound that one alternative of a known pattern has, one after another. Each more is a power of the
 * text's length where they all fit it.
 */
const KNOWN_IN_A_ROW = 3;

/** One pass over a pattern. */
class Translation {
  /** True if it repeats what repeats or has alternatives, or has many repetitions in a row: (a+)+, (a|aa)*, a*a*a*a*. */
  mayBacktrack = false;
  /** Where in `out` something that varies in length or in kind ends last. */
  private varies = -1;
  private nInARow = 0;
  /** Repetitions within each other: of the last atom, and the most in this group so far. */
  private atomRepeated = 0;
  private repeated = 0;
  private nNested = 0;
  private readonly source: string;
  private out = "";
  /** Where the last atom begins in `out`; -1 where nothing can be repeated. */
  private atom = -1;
  private readonly open: Open[] = [];
  private nAtomic = 0;
  private isCaseless = false;
  private at = 0;

  constructor(source: string) {
    if (source.length > LONGEST) throw new SyntaxError(`longer than ${LONGEST}`);
    this.source = source;
  }

  translate(): string {
    while (this.at < this.source.length) this.step();
    this.closeFlags();
    if (this.open.length > 0) throw new SyntaxError("a group has no end");
    return this.out;
  }

  private step(): void {
    const { source, at } = this;
    const char = String.fromCodePoint(source.codePointAt(at) ?? 0);
    if (char === "\\") this.escape();
    else if (char === "[") this.charClass();
    else if (char === "(") this.group();
    else if (char === ")") this.end();
    else if ("*+?".includes(char)) this.repeat(char, 1);
    else if (char === "{") this.interval();
    else if (char === "|") this.alternative();
    else {
      this.at += char.length;
      const known = UNESCAPED[char];
      if (known === undefined) this.emitLetters(literal(char));
      else this.emit(known);
    }
  }

  private emit(atom: string): void {
    this.atom = this.out.length;
    this.atomRepeated = 0;
    this.out += atom;
  }

  /** Emits a character or a class in brackets; a property by itself keeps to its case in Oniguruma. */
  private emitLetters(atom: string): void {
    this.emit(this.isCaseless ? caseless(atom) : atom);
  }

  private escape(): void {
    const rest = this.source.slice(this.at);
    const property = PROPERTY.exec(rest);
    const code = /^\\(?:x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4}))/.exec(rest);
    const named = /^\\k<[A-Za-z_]\w*>/.exec(rest);
    const matched = property ?? code ?? named;
    if (matched !== null) {
      this.at += matched[0].length;
      if (property !== null)
        this.emit(/^\\[pP]\{\^?word\}$/i.test(property[0]) ? wordClass(property) : propertyClass(property));
      else if (code !== null) this.emitLetters(`\\u{${code[1] ?? code[2] ?? code[3] ?? ""}}`);
      else if (this.isCaseless) throw new SyntaxError(`${matched[0]} without regard to case`);
      else this.emit(matched[0]);
      return;
    }
    const char = String.fromCodePoint(rest.codePointAt(1) ?? 0);
    this.at += 1 + char.length;
    const known = (SHORTHANDS as Readonly<Record<string, string>>)[char] ?? ANCHORS[char];
    if (known !== undefined) {
      this.emit(known);
      if (char === "R") this.varies = this.out.length; // one line end of two characters, or two of one
    } else if (/[A-Za-z0-9]/.test(char) || rest.length < 2) throw new SyntaxError(`\\${char} is not known`);
    else this.emitLetters(literal(char));
  }

  private charClass(): void {
    const reader = new ClassReader(this.source, this.at);
    this.emitLetters(reader.read());
    this.at = reader.at;
  }

  private group(): void {
    const [head = ""] = GROUP.exec(this.source.slice(this.at)) ?? [];
    if (head === "(" && this.source[this.at + 1] === "?") throw new SyntaxError("a group of unknown kind");
    if (this.open.length === DEEPEST) throw new SyntaxError(`groups more than ${DEEPEST} deep`);
    this.at += head.length;
    const before = { start: this.out.length, wasCaseless: this.isCaseless, repeatedBefore: this.repeated };
    this.atom = -1;
    this.repeated = 0;
    const flags = /^\(\?([im]*)(?:-([im]+))?[:)]$/.exec(head);
    if (flags !== null) this.setFlags(flags[1] ?? "", flags[2] ?? "");
    if (head.endsWith(")")) {
      // `(?i)` holds to the end of the group it stands in, over its further alternatives.
      this.out += "(?:";
      this.open.push({ close: "flags", ...before });
    } else if (head === "(?>") {
      // An atomic group: a look-ahead gives nothing back, and what it found is then taken.
      const name = `atomic${this.nAtomic++}`;
      this.out += `(?:(?=(?<${name}>`;
      this.open.push({ close: `))\\k<${name}>)`, ...before });
    } else {
      this.out += head === "(" || flags !== null ? "(?:" : head;
      this.open.push({ close: ")", ...before });
    }
  }

  /** Ruby's m lets the dot match line ends, of which no pattern here has need. */
  private setFlags(on: string, off: string): void {
    if (`${on}${off}`.includes("m")) throw new SyntaxError("the flag m is not known");
    if (off !== "") this.isCaseless = false;
    else if (on !== "") this.isCaseless = true;
  }

  private end(): void {
    this.closeFlags();
    const group = this.open.pop();
    if (group === undefined) throw new SyntaxError("a group ends that did not begin");
    this.at++;
    this.out += group.close;
    this.atom = group.start;
    this.atomRepeated = this.repeated;
    this.repeated = Math.max(this.repeated, group.repeatedBefore);
    this.isCaseless = group.wasCaseless;
  }

  private alternative(): void {
    this.at++;
    this.out += "|";
    this.varies = this.out.length;
    this.nInARow = 0;
    this.atom = -1;
  }

  private closeFlags(): void {
    for (let last = this.open.pop(); last !== undefined; last = this.open.pop()) {
      if (last.close !== "flags") {
        this.open.push(last);
        return;
      }
      this.out += ")";
      this.repeated = Math.max(this.repeated, last.repeatedBefore);
      this.isCaseless = last.wasCaseless;
    }
  }

  private interval(): void {
    const [all = "", least = "", comma = "", most = ""] = INTERVAL.exec(this.source.slice(this.at)) ?? [];
    if (this.atom < 0 || least + most === "") {
      this.at++;
      this.emit("\\{");
      return;
    }
    // `{,n}` begins at 0; a plus after an interval repeats it.
    this.repeat(`{${least === "" ? "0" : least}${comma}${most}}`, all.length);
  }

  private repeat(quantifier: string, length: number): void {
    if (this.atom < 0) throw new SyntaxError("nothing to repeat");
    this.atomRepeated++;
    if (this.atomRepeated > 1) this.nNested++;
    if (this.atomRepeated > DEEPEST_REPEATED || this.nNested > MOST_NESTED) {
      throw new SyntaxError(`more repetitions within each other than ${DEEPEST_REPEATED}, or ${MOST_NESTED} in all`);
    }
    this.repeated = Math.max(this.repeated, this.atomRepeated);
    this.at += length;
    const isUnbounded = /^[*+]$|,\}$/.test(quantifier);
    if (isUnbounded && (this.varies > this.atom || ++this.nInARow > KNOWN_IN_A_ROW)) this.mayBacktrack = true;
    const atom = this.out.slice(this.atom);
    const next = this.source[this.at];
    let repeated = `${atom}${quantifier}`;
    if (next === "?") {
      repeated += "?";
      this.at++;
    } else if (next === "+" && length === 1) {
      const name = `atomic${this.nAtomic++}`;
      repeated = `(?:(?=(?<${name}>${repeated}))\\k<${name}>)`;
      this.at++;
    }
    // In a group of its own, so that what follows may repeat it again.
    const follows = this.source[this.at] ?? "";
    this.out =
      this.out.slice(0, this.atom) + ("*+?{".includes(follows) && follows !== "" ? `(?:${repeated})` : repeated);
    if (!/^\{\d+\}$/.test(quantifier)) this.varies = this.out.length;
  }
}

/** The property of letters, digits and marks is the shorthand's class where it stands by itself. */
function wordClass([, kind, caret]: RegExpExecArray): string {
  return (kind === "P") === (caret === "^") ? SHORTHANDS.w : SHORTHANDS.W;
}
