/**
 * The syntax of Rust's `regex` crate, as far as whether something is found depends on it: what is
 * captured and how greedily makes no difference. Look-around and back references are not part of
 * the syntax. Not supported, so never found: the flags `R` and `-u`,
 * and properties by other names than JavaScript's.
 */

import {
  type CharacterFlags,
  type CharacterTest,
  onlyCharacter,
  readBrackets,
  readEscape,
  skipBlanks,
} from "./class.ts";
import { InvalidPattern, PatternCursor } from "./cursor.ts";

/** A condition on the place between two characters. */
export type RegexAssertion =
  | "text-start"
  | "text-end"
  | "line-start"
  | "line-end"
  | "word-boundary"
  | "no-word-boundary"
  | "word-start"
  | "word-end"
  | "no-word-before"
  | "no-word-after";

/** A parsed pattern. */
export type RegexNode =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "assertion"; readonly assertion: RegexAssertion }
  | { readonly kind: "sequence"; readonly nodes: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly nodes: readonly RegexNode[] }
  | {
      readonly kind: "repeat";
      readonly node: RegexNode;
      readonly min: number;
      /** `Infinity`: without end. */
      readonly max: number;
    };

/** Characters of a pattern: reading one may take quadratic time. */
const PATTERN_LENGTH_MAX = 10_000;
/** Nesting of groups, and of repetitions. */
const DEPTH_MAX = 100;

interface Flags extends CharacterFlags {
  /** A line starts and ends where `^` and `$` hold. */
  readonly m: boolean;
  /** A dot is also a line feed. */
  readonly s: boolean;
}

const NO_FLAGS: Flags = { i: false, m: false, s: false, x: false };

const ESCAPED_ASSERTIONS: Readonly<Record<string, RegexAssertion>> = {
  A: "text-start",
  z: "text-end",
  b: "word-boundary",
  B: "no-word-boundary",
  "<": "word-start",
  ">": "word-end",
  "b{start}": "word-start",
  "b{end}": "word-end",
  "b{start-half}": "no-word-before",
  "b{end-half}": "no-word-after",
};

/** The pattern's meaning; `undefined`: not valid. */
export function parseRustRegex(pattern: string): RegexNode | undefined {
  if (pattern.length > PATTERN_LENGTH_MAX) return undefined;
  try {
    const cursor = new PatternCursor(pattern);
    const node = readChoice(cursor, NO_FLAGS, 0);
    return cursor.rest === "" ? node : undefined;
  } catch (error) {
    // JavaScript refuses members of classes such as reversed ranges and unknown properties.
    if (error instanceof InvalidPattern || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Alternatives up to the end or a closing parenthesis. Flags set on the way hold until there. */
function readChoice(cursor: PatternCursor, flags: Flags, depth: number): RegexNode {
  if (depth > DEPTH_MAX) throw new InvalidPattern();
  const nodes: RegexNode[] = [];
  let current = flags;
  let sequence: RegexNode[] = [];
  for (;;) {
    skipBlanks(cursor, current);
    if (cursor.rest === "" || cursor.rest.startsWith(")")) break;
    const letters = cursor.take(/^\(\?([A-Za-z-]+)\)/)?.[1];
    if (letters !== undefined) {
      current = withFlags(current, letters);
    } else if (cursor.take(/^\|/) !== undefined) {
      nodes.push({ kind: "sequence", nodes: sequence });
      sequence = [];
    } else {
      sequence.push(readRepetitions(cursor, readAtom(cursor, current, depth), current));
    }
  }
  nodes.push({ kind: "sequence", nodes: sequence });
  return nodes.length === 1 ? (nodes[0] as RegexNode) : { kind: "choice", nodes };
}

function withFlags(flags: Flags, letters: string): Flags {
  // `U` swaps greedy and lazy, `u` is on anyway.
  const [, on = "", off = ""] = /^([imsxUu]*)(?:-([imsxU]+))?$/.exec(letters) ?? [];
  if (on.length + off.length === 0 && letters !== "") throw new InvalidPattern();
  if (new Set(on + off).size !== on.length + off.length) throw new InvalidPattern();
  const set = [...on].map((letter) => [letter, true] as const);
  const unset = [...off].map((letter) => [letter, false] as const);
  return { ...flags, ...Object.fromEntries([...set, ...unset]) };
}

function readAtom(cursor: PatternCursor, flags: Flags, depth: number): RegexNode {
  const first = cursor.rest[0] as string;
  if (first === "(") return readGroup(cursor, flags, depth);
  if (first === "[") return character(readBrackets(cursor, flags));
  if (first === "\\") {
    const boundary = cursor.take(/^\\(b\{[a-z-]+\}|[AzbB<>])/)?.[1];
    if (boundary === undefined) return character(readEscape(cursor, flags));
    if (!Object.hasOwn(ESCAPED_ASSERTIONS, boundary)) throw new InvalidPattern();
    return assertion(ESCAPED_ASSERTIONS[boundary] as RegexAssertion);
  }
  const own = cursor.mustTake(/^[^*+?{]/u)[0];
  if (own === ".") return character(flags.s ? () => true : (other) => other !== "\n");
  if (own === "^") return assertion(flags.m ? "line-start" : "text-start");
  if (own === "$") return assertion(flags.m ? "line-end" : "text-end");
  return character(onlyCharacter(own, flags));
}

function character(test: CharacterTest): RegexNode {
  return { kind: "character", test };
}

function assertion(name: RegexAssertion): RegexNode {
  return { kind: "assertion", assertion: name };
}

function readGroup(cursor: PatternCursor, flags: Flags, depth: number): RegexNode {
  const named = cursor.take(/^\(\?P?<[\p{Alphabetic}_][\p{Alphabetic}\p{Nd}_.[\]]*>/u);
  const scoped = named ?? cursor.take(/^\(\?([A-Za-z-]*):/);
  const start = scoped ?? cursor.mustTake(/^\((?!\?)/);
  const node = readChoice(cursor, withFlags(flags, start[1] ?? ""), depth + 1);
  cursor.mustTake(/^\)/);
  return node;
}

/** `node` with the repetitions that follow it; they may be stacked. */
function readRepetitions(cursor: PatternCursor, node: RegexNode, flags: Flags): RegexNode {
  let result = node;
  for (let count = 0; count <= DEPTH_MAX; count++) {
    skipBlanks(cursor, flags);
    const repetition = cursor.take(/^(?:[*+?]|\{\s*(\d+)\s*(?:(,)\s*(\d*)\s*)?\})\??/);
    if (repetition === undefined) return result;
    result = { kind: "repeat", node: result, ...bounds(repetition) };
  }
  throw new InvalidPattern();
}

function bounds(repetition: RegExpExecArray): { min: number; max: number } {
  const [all, from = "", comma, to = ""] = repetition;
  if (all.startsWith("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
  if (all.startsWith("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
  if (all.startsWith("?")) return { min: 0, max: 1 };
  const min = Number(from);
  if (comma === undefined) return { min, max: min };
  const max = to === "" ? Number.POSITIVE_INFINITY : Number(to);
  if (max < min) throw new InvalidPattern();
  return { min, max };
}
