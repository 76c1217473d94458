/**
 * Sets of characters in the syntax of Rust's `regex` crate: escapes, and classes in brackets with
 * ranges, POSIX names, classes in classes and set operations. JavaScript knows which characters
 * have a property or differ in case only; the rest is done here.
 */
import { InvalidPattern, type PatternCursor } from "./cursor.ts";

/** Whether one character (a code point) belongs to a set. */
export type CharacterTest = (character: string) => boolean;

/** How characters are read and compared. */
export interface CharacterFlags {
  /** Characters that differ in case only are alike. */
  readonly i: boolean;
  /** Blanks in the pattern mean nothing. */
  readonly x: boolean;
}

/** Nesting of brackets. */
const DEPTH_MAX = 20;

const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";

/** Sets by the letter of their escape; those in upper case are the opposite. */
const ESCAPED_SETS: Readonly<Record<string, string>> = {
  d: "\\p{Nd}",
  s: "\\p{White_Space}",
  w: WORD,
};

const ESCAPED_CONTROLS: Readonly<Record<string, string>> = {
  a: "\x07",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

const POSIX_SETS: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7F",
  blank: "\\t ",
  cntrl: "\\x00-\\x1F\\x7F",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

/** Whether a character belongs to words. */
export const isWord: CharacterTest = setOf(WORD, { i: false });

/** The characters of a JavaScript class with these members. */
function setOf(members: string, { i }: { readonly i: boolean }): CharacterTest {
  const expression = new RegExp(`^[${members}]$`, i ? "iu" : "u");
  return (character) => expression.test(character);
}

function not(test: CharacterTest): CharacterTest {
  return (character) => !test(character);
}

function quoted(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}

/** The set that holds only `character`. */
export function onlyCharacter(character: string, flags: CharacterFlags): CharacterTest {
  return flags.i ? setOf(quoted(character), flags) : (other) => other === character;
}

/** Reads an escape that stands for characters. */
export function readEscape(cursor: PatternCursor, flags: CharacterFlags): CharacterTest {
  return readEscapedSet(cursor, flags) ?? onlyCharacter(readEscapedCharacter(cursor), flags);
}

function readEscapedSet(cursor: PatternCursor, flags: CharacterFlags): CharacterTest | undefined {
  const letter = cursor.take(/^\\([dswDSW])/)?.[1];
  if (letter !== undefined) {
    const set = setOf(ESCAPED_SETS[letter.toLowerCase()] as string, flags);
    return letter === letter.toLowerCase() ? set : not(set);
  }
  const property = cursor.take(/^\\([pP])(?:\{([\w=]+)\}|([A-Z]))/);
  if (property === undefined) return undefined;
  const set = propertySet(property[2] ?? (property[3] as string), flags);
  return property[1] === "p" ? set : not(set);
}

/** A general category, a property that characters have or lack, or the name of a script. */
function propertySet(name: string, flags: CharacterFlags): CharacterTest {
  try {
    return setOf(`\\p{${name}}`, flags);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return setOf(`\\p{Script=${name}}`, flags);
  }
}

function readEscapedCharacter(cursor: PatternCursor): string {
  const control = cursor.take(/^\\([afnrtv])/)?.[1];
  if (control !== undefined) return ESCAPED_CONTROLS[control] as string;
  const code = cursor.take(
    /^\\(?:[xuU]\{([0-9A-Fa-f]{1,8})\}|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/,
  );
  if (code === undefined) {
    // Any other sign of ASCII may be escaped for its own sake, letters and digits may not.
    return cursor.mustTake(/^\\([\0-/:;=?-@[-`{-\x7f])/)[1] as string;
  }
  const codePoint = Number.parseInt(code.slice(1).find(Boolean) as string, 16);
  if (codePoint > 0x10ffff) throw new InvalidPattern();
  return String.fromCodePoint(codePoint);
}

/** Reads a class in brackets. */
export function readBrackets(
  cursor: PatternCursor,
  flags: CharacterFlags,
  depth: number = 0,
): CharacterTest {
  if (depth > DEPTH_MAX) throw new InvalidPattern();
  const isNegated = cursor.mustTake(/^\[(\^?)/)[1] === "^";
  let set = readUnion(cursor, flags, depth, true);
  for (;;) {
    const operator = cursor.take(/^(?:&&|--|~~)/)?.[0];
    if (operator === undefined) break;
    set = combined(operator, set, readUnion(cursor, flags, depth, false));
  }
  cursor.mustTake(/^\]/);
  return isNegated ? not(set) : set;
}

function combined(operator: string, left: CharacterTest, right: CharacterTest): CharacterTest {
  if (operator === "&&") return (character) => left(character) && right(character);
  if (operator === "--") return (character) => left(character) && !right(character);
  return (character) => left(character) !== right(character);
}

/** Items up to an operator or the closing bracket, which as the `first` one stands for itself. */
function readUnion(
  cursor: PatternCursor,
  flags: CharacterFlags,
  depth: number,
  first: boolean,
): CharacterTest {
  const sets: CharacterTest[] = [];
  skipBlanks(cursor, flags);
  if (first) {
    // Hyphens in front, and then a closing bracket, stand for themselves.
    for (const _ of cursor.take(/^-+/)?.[0] ?? "") sets.push(onlyCharacter("-", flags));
    if (sets.length === 0 && cursor.take(/^\]/) !== undefined) {
      sets.push(onlyCharacter("]", flags));
    }
  }
  for (;;) {
    skipBlanks(cursor, flags);
    if (cursor.rest === "") throw new InvalidPattern();
    if (/^(?:\]|&&|--|~~)/.test(cursor.rest)) break;
    sets.push(readItem(cursor, flags, depth));
  }
  return (character) => sets.some((set) => set(character));
}

/** Skips white space and comments where the flag `x` is set. */
export function skipBlanks(cursor: PatternCursor, flags: CharacterFlags): void {
  if (flags.x) cursor.take(/^(?:\p{White_Space}|#[^\n]*)+/u);
}

function readItem(cursor: PatternCursor, flags: CharacterFlags, depth: number): CharacterTest {
  const posix = readPosix(cursor, flags);
  if (posix !== undefined) return posix;
  if (cursor.rest.startsWith("[")) return readBrackets(cursor, flags, depth + 1);
  const set = readEscapedSet(cursor, flags);
  // A set cannot end a range.
  if (set !== undefined && /^-[^-\]]/.test(cursor.rest)) throw new InvalidPattern();
  if (set !== undefined) return set;
  const start = readMember(cursor);
  skipBlanks(cursor, flags);
  // A hyphen before the closing bracket stands for itself; two are an operator.
  if (cursor.take(/^-(?![-\]])/) === undefined) return onlyCharacter(start, flags);
  skipBlanks(cursor, flags);
  return setOf(`${quoted(start)}-${quoted(readMember(cursor))}`, flags);
}

/** `[:name:]`, or `[:^name:]`. With another name it is a class of these characters. */
function readPosix(cursor: PatternCursor, flags: CharacterFlags): CharacterTest | undefined {
  const name = /^\[:\^?([a-z]+):\]/.exec(cursor.rest)?.[1];
  if (name === undefined || !Object.hasOwn(POSIX_SETS, name)) return undefined;
  const isNegated = cursor.mustTake(/^\[:\^?[a-z]+:\]/)[0].startsWith("[:^");
  const set = setOf(POSIX_SETS[name] as string, flags);
  return isNegated ? not(set) : set;
}

function readMember(cursor: PatternCursor): string {
  if (cursor.rest.startsWith("\\")) return readEscapedCharacter(cursor);
  return cursor.mustTake(/^[^[\]]/u)[0];
}
