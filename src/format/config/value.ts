/**
 * Kinds of configuration values. Each kind reads a value, as a user passes it or as it is stored,
 * prints it to be stored, and merges two. One description per key serves all three.
 *
 * Stored values are plain objects, arrays, strings, numbers, bigints, booleans and null; the form
 * around them (FlexBuffers, YAML) is the caller's.
 */
import { type IcefloeError, makeError } from "../../base/errors.ts";
import { describe, isPlainObject } from "../../base/options.ts";

/** Nesting of conditions; official writers nest two or three. */
const DEPTH_MAX = 32;
/** Values in one configuration. Damaged files may share parts so that they unfold without end. */
const VALUES_MAX = 100_000;

/** Where the values come from: decides on names, on unknown keys, and on the error. */
export interface ConfigSource {
  /** Stored: snake case, null is absent, unknown keys are skipped, the widest ranges hold. */
  readonly isStored: boolean;
  /** The error for the value at key path `at`. */
  fail(at: string, expected: string, found: string): IcefloeError;
  /** Values read so far and how deep; counted by the kinds. */
  values: number;
  depth: number;
}

/** One kind of value. */
export interface ConfigKind {
  /** The value at key path `at`, checked and copied, in the form that users pass. */
  read(value: unknown, at: string, source: ConfigSource): unknown;
  /** What is stored for `value`; what `previous` has and this version does not know is kept. */
  store(value: unknown, previous: unknown): unknown;
  /** `override` over `base`; both are given. Absent: `override` replaces `base`. */
  merge?(base: unknown, override: unknown): unknown;
}

/** A key path with one more step. */
export function keyPath(at: string, key: string | number): string {
  if (typeof key === "number") return `${at}[${key}]`;
  if (!/^\w+$/.test(key)) return `${at}[${describe(key)}]`;
  return at === "" ? key : `${at}.${key}`;
}

function countValue(at: string, source: ConfigSource): void {
  source.values++;
  if (source.values <= VALUES_MAX) return;
  throw source.fail(at, `at most ${VALUES_MAX} values in one configuration`, "more");
}

/** An integer. `stored` is the range of the stored type; users may pass what is in `passed` too. */
export function integer(
  stored: readonly [min: bigint, max: bigint],
  passed: readonly [min?: number | undefined, max?: number | undefined] = [],
): ConfigKind {
  return {
    read(value, at, source) {
      countValue(at, source);
      const min = source.isStored || passed[0] === undefined ? stored[0] : passed[0];
      // The nearest double of 2^64 - 1 is 2^64: it stands for the largest.
      const max = source.isStored || passed[1] === undefined ? stored[1] : passed[1];
      const isInteger = typeof value === "bigint" || Number.isInteger(value);
      const number = isInteger ? Number(value) : Number.NaN;
      if (number >= Number(min) && number <= Number(max)) return number;
      throw source.fail(at, `an integer from ${min} to ${max}`, describe(value));
    },
    store(value, previous) {
      const number = value as number;
      if (Number.isSafeInteger(number)) return number;
      // Read as the nearest double: what was stored is the exact value.
      if (typeof previous === "bigint" && Number(previous) === number) return previous;
      const exact = BigInt(number);
      return exact > stored[1] ? stored[1] : exact;
    },
  };
}

function scalar(expected: string, isValid: (value: unknown) => boolean): ConfigKind {
  return {
    read(value, at, source) {
      countValue(at, source);
      if (isValid(value)) return value;
      throw source.fail(at, expected, describe(value));
    },
    store: (value) => value,
  };
}

/** True or false. */
export const flag: ConfigKind = scalar("a boolean", (value) => typeof value === "boolean");

/** Any string. */
export const text: ConfigKind = scalar("a string", (value) => typeof value === "string");

/** One of `words`. */
export function choice(words: readonly string[]): ConfigKind {
  return scalar(`one of ${words.join(", ")}`, (value) => words.includes(value as string));
}

/** How a record behaves. */
interface RecordOptions {
  /** Replaced as a whole; else merged key by key. */
  readonly isReplaced?: boolean;
  /** Users too may write null for what is absent. */
  readonly allowsNull?: boolean;
  readonly required?: readonly string[];
  /** What is stored for absent keys; else null. */
  readonly absent?: Readonly<Record<string, unknown>>;
  /** Keys stored though users never see them. */
  readonly storedOnly?: Readonly<Record<string, unknown>>;
}

/** An object with known keys, by the names that users know; stored are those in snake case. */
export function record(
  kinds: Readonly<Record<string, ConfigKind>>,
  options: RecordOptions = {},
): ConfigKind {
  const fields = Object.entries(kinds).map(([key, kind]) => ({
    key,
    kind,
    stored: snakeCase(key),
  }));
  const known = new Set(fields.map(({ stored }) => stored));
  const { isReplaced = false, allowsNull = false, required = [], absent, storedOnly } = options;
  const kind: ConfigKind = {
    read(value, at, source) {
      const given = mustBeObject(value, at, source);
      const result: Record<string, unknown> = {};
      for (const { key, kind, stored } of fields) {
        const name = source.isStored ? stored : key;
        const item = Object.hasOwn(given, name) ? given[name] : undefined;
        const where = keyPath(at, name);
        if (item === undefined || (item === null && (source.isStored || allowsNull))) {
          if (!required.includes(key)) continue;
          throw source.fail(where, "a value", describe(item));
        }
        result[key] = kind.read(item, where, source);
      }
      if (!source.isStored) refuseUnknownKeys(given, Object.keys(kinds), { at, source });
      return result;
    },
    store(value, previous) {
      const given = value as Record<string, unknown>;
      const old = Object.entries(isPlainObject(previous) ? previous : {});
      const before = new Map(old);
      const entries = fields.map(({ key, kind, stored }): [string, unknown] => {
        if (isAbsent(given[key])) return [stored, absent?.[key] ?? null];
        return [stored, kind.store(given[key], before.get(stored))];
      });
      const kept = old.filter(([key]) => !known.has(key));
      return Object.fromEntries([...entries, ...Object.entries(storedOnly ?? {}), ...kept]);
    },
  };
  return isReplaced
    ? kind
    : { ...kind, merge: (base, override) => mergeRecords(kinds, base, override) };
}

/** The name under which a key is stored. */
export function snakeCase(name: string): string {
  return name.replace(/\B[A-Z]/g, "_$&").toLowerCase();
}

/** Whether a key is as good as not there. */
function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function refuseUnknownKeys(
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
  { at, source }: { readonly at: string; readonly source: ConfigSource },
): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw source.fail(keyPath(at, unknown), `one of the keys ${known.join(", ")}`, "an unknown key");
}

function mustBeObject(value: unknown, at: string, source: ConfigSource): Record<string, unknown> {
  countValue(at, source);
  if (isPlainObject(value)) return value;
  throw source.fail(at, "a plain object", describe(value));
}

function mergeRecords(
  kinds: Readonly<Record<string, ConfigKind>>,
  base: unknown,
  override: unknown,
): Record<string, unknown> {
  const below = base as Record<string, unknown>;
  const above = override as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const [key, kind] of Object.entries(kinds)) {
    const [old, fresh] = [below[key], above[key]];
    if (isAbsent(old) && isAbsent(fresh)) continue;
    if (isAbsent(fresh)) result[key] = old;
    else result[key] = isAbsent(old) || !kind.merge ? fresh : kind.merge(old, fresh);
  }
  return result;
}

/** An object whose keys are free and whose values are all of one kind. */
export function dictionary(item: ConfigKind): ConfigKind {
  return {
    read(value, at, source) {
      const entries = Object.entries(mustBeObject(value, at, source));
      return Object.fromEntries(
        entries.map(([key, child]) => [key, item.read(child, keyPath(at, key), source)]),
      );
    },
    store(value, previous) {
      const before = new Map(Object.entries(isPlainObject(previous) ? previous : {}));
      const entries = Object.entries(value as Record<string, unknown>);
      return Object.fromEntries(
        entries.map(([key, child]) => [key, item.store(child, before.get(key))]),
      );
    },
  };
}

/** An array; `items` are the kinds of its elements in order, or one kind for all. */
export function list(items: ConfigKind | readonly ConfigKind[]): ConfigKind {
  const kindAt = (index: number): ConfigKind => {
    return Array.isArray(items) ? (items[index] as ConfigKind) : (items as ConfigKind);
  };
  const length = Array.isArray(items) ? items.length : undefined;
  return {
    read(value, at, source) {
      countValue(at, source);
      if (!Array.isArray(value)) throw source.fail(at, "an array", describe(value));
      if (length !== undefined && value.length !== length) {
        throw source.fail(at, `an array of ${length}`, `an array of ${value.length}`);
      }
      return Array.from(value, (child, index) => {
        return kindAt(index).read(child, keyPath(at, index), source);
      });
    },
    // An element has no name by which what was stored for it could be found again.
    store: (value) => {
      return (value as unknown[]).map((child, index) => kindAt(index).store(child, undefined));
    },
  };
}

/** One of several cases: a bare word if it holds nothing (`null` here), else the only key. */
export function variant(cases: Readonly<Record<string, ConfigKind | null>>): ConfigKind {
  const expected = `one of ${Object.keys(cases).join(", ")}`;
  return {
    read(value, at, source) {
      countValue(at, source);
      const isWord = typeof value === "string";
      const keys = isWord ? [value] : Object.keys(isPlainObject(value) ? value : {});
      const [name] = keys;
      if (keys.length !== 1 || name === undefined || !Object.hasOwn(cases, name)) {
        throw source.fail(
          at,
          expected,
          isWord || keys.length === 0 ? describe(value) : `the keys ${describe(keys.join(", "))}`,
        );
      }
      const kind = cases[name] ?? null;
      const content = isWord ? null : (value as Record<string, unknown>)[name];
      if (kind !== null) return { [name]: kind.read(content, keyPath(at, name), source) };
      if (content === null) return name;
      throw source.fail(keyPath(at, name), "null", describe(content));
    },
    store(value) {
      if (typeof value === "string") return value;
      const [name, content] = Object.entries(value as Record<string, unknown>)[0] as [
        string,
        unknown,
      ];
      const kind = cases[name] ?? null;
      return kind === null ? name : { [name]: kind.store(content, undefined) };
    },
  };
}

/**
 * A kind that is replaced as a whole. If nothing changed, what was stored stays as it is; what a
 * newer version put into it would else be lost, since its parts have no names to find them by.
 */
export function whole(kind: ConfigKind): ConfigKind {
  const source = (): ConfigSource => ({
    isStored: true,
    values: 0,
    depth: 0,
    fail: (at, expected, found) => {
      return makeError("internal", `stored ${at}: expected ${expected}, got ${found}`);
    },
  });
  return {
    read: kind.read,
    store(value, previous) {
      if (isAbsent(previous)) return kind.store(value, undefined);
      const before = JSON.stringify(kind.read(previous, "", source()));
      return before === JSON.stringify(value) ? previous : kind.store(value, undefined);
    },
  };
}

/** A kind that contains itself; how deep is bounded. */
export function nested(kind: () => ConfigKind): ConfigKind {
  return {
    read(value, at, source) {
      if (source.depth >= DEPTH_MAX) {
        throw source.fail(at, `at most ${DEPTH_MAX} levels of conditions`, "more");
      }
      source.depth++;
      const result = kind().read(value, at, source);
      source.depth--;
      return result;
    },
    store: (value, previous) => kind().store(value, previous),
  };
}
