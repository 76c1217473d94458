/** Selections by position, one per dimension, as `isel` takes them. */
import { makeError } from "../../base/errors.ts";
import { describe, isPlainObject, mustBe, positiveInteger } from "../../base/options.ts";
import type { AxisSelection } from "../array/axis-selection.ts";

/** A range of positions; negative ones count from the end, what lies beyond is cut. */
export interface PositionRange {
  readonly start?: number | null | undefined;
  readonly end?: number | null | undefined;
  /** zarrita's name for `end`. */
  readonly stop?: number | null | undefined;
  readonly step?: number | null | undefined;
}

/** One dimension: a position drops it, a list or a range keeps it. */
export type Indexer = number | PositionRange | readonly number[] | Int32Array | Uint32Array;

/** Selections by dimension name. */
export type Indexers = Readonly<Record<string, Indexer>>;

/** What an indexer takes of a dimension of `size`. @throws {invalid-option} */
export function parseIndexer(indexer: Indexer, dim: string, size: number): AxisSelection {
  if (typeof indexer === "number") {
    return { kind: "index", index: parsePosition(indexer, dim, size) };
  }
  if (Array.isArray(indexer) || ArrayBuffer.isView(indexer)) {
    const list = Array.from(indexer as readonly number[], (position) =>
      parsePosition(position, dim, size),
    );
    return asRange(list);
  }
  if (!isPlainObject(indexer) || !Object.keys(indexer).every((key) => KEYS.includes(key))) {
    throw invalid(dim, mustBe("a position, a list or { start, end }", indexer));
  }
  return parseRange(indexer, dim, size);
}

const KEYS: readonly string[] = ["start", "end", "stop", "step"];

function parsePosition(position: unknown, dim: string, size: number): number {
  if (!Number.isSafeInteger(position)) {
    throw invalid(dim, `a position ${mustBe("an integer", position)}`);
  }
  const index = (position as number) < 0 ? (position as number) + size : (position as number);
  if (index >= 0 && index < size) return index;
  throw invalid(dim, `position ${position} lies outside the size ${size}`);
}

function parseRange(range: PositionRange, dim: string, size: number): AxisSelection {
  const step = range.step ?? 1;
  const fault = positiveInteger(step);
  if (fault !== undefined) throw invalid(dim, `a step ${fault}`);
  const start = boundOf(range.start ?? 0, dim, size);
  const end = Math.max(start, boundOf(range.end ?? range.stop ?? size, dim, size));
  if (step === 1) return { kind: "range", start, end };
  const count = Math.ceil((end - start) / step);
  return asRange(Array.from({ length: count }, (_, i) => start + i * step));
}

function boundOf(bound: unknown, dim: string, size: number): number {
  if (!Number.isSafeInteger(bound)) {
    throw invalid(dim, `a range must have integers, got ${describe(bound)}`);
  }
  const position = (bound as number) < 0 ? (bound as number) + size : (bound as number);
  return Math.min(Math.max(position, 0), size);
}

/** Rising neighbours are a range, which is read at once. */
function asRange(indices: readonly number[]): AxisSelection {
  const [start] = indices;
  if (start === undefined || !indices.every((index, i) => index === start + i)) {
    return { kind: "list", indices };
  }
  return { kind: "range", start, end: start + indices.length };
}

function invalid(dim: string, what: string): Error {
  return makeError("invalid-option", `dimension ${dim}: ${what}`, { details: { dimension: dim } });
}
