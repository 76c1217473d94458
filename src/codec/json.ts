/**
 * JSON that loses nothing: a document read and printed again keeps every number as it was spelled
 * (`2.0`, `1e5`, integers beyond 2^53) and every member in its place.
 *
 * Strict JSON both ways: NaN and Infinity are refused, never printed as `null`. Objects are read
 * as maps, because JavaScript objects move integer-like keys to the front. Spec: RFC 8259.
 */
import { makeError } from "../base/errors.ts";
import { describe, isPlainObject } from "../base/options.ts";

/** Nesting that is read and printed; what the official engine's parser accepts too. */
const DEPTH_MAX = 127;
/** Integers of more digits stay text: conversion to bigint takes quadratic time. */
const BIGINT_DIGITS_MAX = 40;

/** A number that JavaScript would spell otherwise: `2.0`, `1e5`, `-0`. */
export class JsonNumber {
  /** The number as it stands in the document. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest double. */
  get value(): number {
    return Number(this.text);
  }
}

/** An object, members in the document's order. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A parsed document. `number`: spelled as JavaScript spells it. `bigint`: an integer beyond 2^53. */
export type JsonValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | JsonNumber
  | readonly JsonValue[]
  | JsonObject;

/** `value` as a number that prints as a float: `2` becomes `2.0`. */
export function jsonFloat(value: number): number | JsonNumber {
  if (!Number.isFinite(value)) return value;
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /[.e]/.test(text) ? value : new JsonNumber(`${text}.0`);
}

/** Parses strict JSON. Of members with one name the last wins. @throws {bad-metadata} */
export function parseJson(text: string): JsonValue {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    if (depth > DEPTH_MAX) throw this.#failure(`nested more than ${DEPTH_MAX} levels deep`);
    this.#skipSpace();
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#array(depth);
    if (first === '"') return this.#string();
    if (this.#takes("true")) return true;
    if (this.#takes("false")) return false;
    if (this.#takes("null")) return null;
    return this.#number();
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected();
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    this.#at++;
    if (this.#takes("}")) return members;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#unexpected();
      const name = this.#string();
      this.#expect(":");
      members.set(name, this.value(depth + 1));
    } while (this.#takes(","));
    this.#expect("}");
    return members;
  }

  #array(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.#at++;
    if (this.#takes("]")) return items;
    do items.push(this.value(depth + 1));
    while (this.#takes(","));
    this.#expect("]");
    return items;
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') {
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    if (end >= this.#text.length) throw this.#failure("a string does not end");
    this.#at = end + 1;
    const token = this.#text.slice(start, end + 1);
    try {
      return JSON.parse(token) as string;
    } catch (cause) {
      this.#at = start;
      throw this.#failure("a malformed string", cause);
    }
  }

  #number(): number | bigint | JsonNumber {
    const pattern = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw this.#unexpected();
    const text = match[0];
    const value = Number(text);
    if (!Number.isFinite(value)) throw this.#failure("a number beyond the range of doubles");
    this.#at += text.length;
    if (String(value) === text && (Number.isSafeInteger(value) || !Number.isInteger(value)))
      return value;
    const isInteger = match[1] === undefined && match[2] === undefined;
    if (isInteger && !Number.isSafeInteger(value) && text.length <= BIGINT_DIGITS_MAX)
      return BigInt(text);
    return new JsonNumber(text);
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && " \t\n\r".includes(this.#text[this.#at] as string))
      this.#at++;
  }

  #takes(token: string): boolean {
    this.#skipSpace();
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#takes(token)) throw this.#unexpected();
  }

  #unexpected(): Error {
    const found = this.#text.slice(this.#at, this.#at + 10);
    return this.#failure(found === "" ? "it ends too early" : `unexpected ${describe(found)}`);
  }

  #failure(what: string, cause?: unknown): Error {
    return makeError("bad-metadata", `no strict JSON: ${what} at character ${this.#at}`, {
      details: { position: this.#at },
      cause,
    });
  }
}

/**
 * Prints `value` without spaces: a parsed document, plain objects and arrays, or a mix.
 * Members that are `undefined` are left out, as `JSON.stringify` does.
 * @throws {bad-metadata} what JSON cannot say (NaN, dates, functions, cycles), naming the member
 */
export function printJson(value: unknown): string {
  return print(value, [], false);
}

/** As `printJson`, but equal values print equally: members sorted, numbers normalised. */
export function printCanonicalJson(value: JsonValue): string {
  return print(value, [], true);
}

function print(value: unknown, path: string[], canonical: boolean): string {
  if (path.length > DEPTH_MAX) throw unprintable(path.slice(0, 8), "nested too deeply, or a cycle");
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return printNumber(value, path);
  if (value instanceof JsonNumber) return canonical ? printNumber(value.value, path) : value.text;
  if (Array.isArray(value)) {
    const items = Array.from(value, (item, index) => print(item, [...path, `${index}`], canonical));
    return `[${items.join(",")}]`;
  }
  const members = membersOf(value);
  if (members === undefined) throw unprintable(path, describe(value));
  if (canonical) members.sort(([a], [b]) => (a < b ? -1 : 1));
  const printed: string[] = [];
  for (const [name, member] of members) {
    if (member === undefined) continue;
    printed.push(`${JSON.stringify(name)}:${print(member, [...path, name], canonical)}`);
  }
  return `{${printed.join(",")}}`;
}

function printNumber(value: number, path: string[]): string {
  if (!Number.isFinite(value)) throw unprintable(path, String(value));
  return Object.is(value, -0) ? "-0.0" : String(value);
}

function membersOf(value: unknown): [string, unknown][] | undefined {
  if (value instanceof Map) {
    const members = [...value] as [string, unknown][];
    return members.every(([name]) => typeof name === "string") ? members : undefined;
  }
  return isPlainObject(value) ? Object.entries(value) : undefined;
}

function unprintable(path: readonly string[], found: string): Error {
  const where = path.length === 0 ? "the value" : path.join(".");
  return makeError("bad-metadata", `JSON has no form for ${where}: ${found}`, {
    details: { member: path.join("."), found },
  });
}

/** `value` as plain objects, arrays and numbers; bigints stay. Shares nothing with `value`. */
export function jsonToPlain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return value.value;
  if (isJsonArray(value)) return value.map(jsonToPlain);
  if (isJsonObject(value)) {
    // fromEntries defines members, so that a member named __proto__ is one.
    return Object.fromEntries([...value].map(([name, member]) => [name, jsonToPlain(member)]));
  }
  return value;
}

/**
 * The document that says `next`, in the spelling of `old` wherever both say the same: what a
 * caller got from `jsonToPlain` and gives back untouched prints as it was.
 */
export function keepSpelling(old: JsonValue | undefined, next: unknown): unknown {
  if (old instanceof JsonNumber) return Object.is(old.value, next) ? old : next;
  if (isJsonArray(old) && Array.isArray(next)) {
    return next.map((item, index) => keepSpelling(old[index], item));
  }
  if (isJsonObject(old)) {
    const members = membersOf(next);
    if (members === undefined) return next;
    const wanted = new Map(members);
    const kept = new Map<string, unknown>();
    for (const [name, member] of old) {
      if (wanted.has(name)) kept.set(name, keepSpelling(member, wanted.get(name)));
    }
    for (const [name, member] of wanted) if (!kept.has(name)) kept.set(name, member);
    return kept;
  }
  return next;
}

/** Whether `value` is an array of the document. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether `value` is an object of the document. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}
