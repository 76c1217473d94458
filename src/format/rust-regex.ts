/**
 * Patterns in the syntax of Rust's `regex` crate, as persisted configurations hold them, run by
 * JavaScript's engine.
 *
 * Translated: what the two spell or read differently. Refused, as the crate does: look-around and
 * back references. Not supported: verbose mode, set operations and nested classes.
 */

const POSIX_CLASSES: Readonly<Record<string, string>> = {
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

/** What the crate's Unicode-aware classes hold, spelled for the inside of a class. */
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";

const ESCAPES: Readonly<Record<string, string>> = {
  A: "(?<![^])",
  z: "(?![^])",
  a: "\\x07",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  w: `[${WORD}]`,
  W: `[^${WORD}]`,
};

/** Escapes that both engines read alike. */
const SHARED_ESCAPE =
  /^\\(?:[bBfnrtv]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]+\}|[pP]\{[^{}]+\})/;
const SYNTAX_CHARACTERS = "^$\\.*+?()[]{}|/";

/** A JavaScript expression that finds what `pattern` does; `undefined`: no valid pattern. */
export function compileRustRegex(pattern: string): RegExp | undefined {
  const [lead = "", letters = ""] = /^\(\?([imsu]+)\)/.exec(pattern) ?? [];
  const body = translate(pattern.slice(lead.length), letters.includes("s"));
  if (body === undefined) return undefined;
  const flags = [...new Set(letters.replaceAll("u", ""))].join("");
  try {
    return new RegExp(body, `${flags}u`);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function translate(pattern: string, dotMatchesAll: boolean): string | undefined {
  let result = "";
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const character = pattern[at] as string;
    let step: readonly [read: number, written: string] | undefined;
    if (character === "\\") step = translateEscape(rest, false);
    else if (character === "[") step = translateClass(rest);
    else if (rest.startsWith("(?")) step = translateGroup(rest);
    else if (character === "{") step = translateCount(rest);
    else if (character === ".") step = [1, dotMatchesAll ? "[^]" : "[^\\n]"];
    else if (character === "]" || character === "}") step = [1, `\\${character}`];
    else step = [1, character];
    if (step === undefined) return undefined;
    at += step[0];
    result += step[1];
  }
  return result;
}

type Step = readonly [read: number, written: string] | undefined;

function translateEscape(rest: string, isInClass: boolean): Step {
  const letter = rest[1];
  if (letter === undefined) return undefined;
  const shared = SHARED_ESCAPE.exec(rest)?.[0];
  if (shared !== undefined) return [shared.length, shared];
  const braced = /^\\[xuU]\{([0-9A-Fa-f]+)\}/.exec(rest) ?? /^\\U([0-9A-Fa-f]{8})/.exec(rest);
  if (braced !== null) return [braced[0].length, `\\u{${braced[1]}}`];
  const property = /^\\([pP])([A-Z])/.exec(rest);
  if (property !== null) return [property[0].length, `\\${property[1]}{${property[2]}}`];
  if (isInClass && letter === "w") return [2, WORD];
  if (isInClass && "AzW".includes(letter)) return undefined;
  const translated = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  if (translated !== undefined) return [2, translated];
  // Digits would be back references; other letters mean nothing.
  if (/[0-9A-Za-z<>]/.test(letter)) return undefined;
  const keepsBackslash = SYNTAX_CHARACTERS.includes(letter) || (isInClass && letter === "-");
  return [2, keepsBackslash ? `\\${letter}` : letter];
}

function translateClass(rest: string): Step {
  let written = "[";
  let at = 1;
  if (rest[at] === "^") {
    written += "^";
    at++;
  }
  const start = at;
  while (at < rest.length) {
    const character = rest[at] as string;
    const tail = rest.slice(at);
    if (character === "]" && at > start) return [at + 1, `${written}]`];
    const posix = /^\[:(\w+):\]/.exec(tail);
    const members = posix?.[1] === undefined ? undefined : POSIX_CLASSES[posix[1]];
    if (posix !== null && members !== undefined) {
      written += members;
      at += posix[0].length;
      continue;
    }
    if (character === "[" || /^(?:&&|--|~~)/.test(tail)) return undefined;
    const step: Step = character === "\\" ? translateEscape(tail, true) : [1, character];
    if (step === undefined) return undefined;
    // Only as the first member may a closing bracket stand for itself.
    written += step[1] === "]" ? "\\]" : step[1];
    at += step[0];
  }
  return undefined;
}

function translateGroup(rest: string): Step {
  const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest);
  if (named !== null) return [named[0].length, `(?<${named[1]}>`];
  return rest.startsWith("(?:") ? [3, "(?:"] : undefined;
}

function translateCount(rest: string): Step {
  const count = /^\{\d+(?:,\d*)?\}/.exec(rest)?.[0];
  return count === undefined ? undefined : [count.length, count];
}
