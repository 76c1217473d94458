/**
 * Numbers for the distinct locations of a selection, in order of first use, so that a manifest
 * stores each once. Equal locations get equal numbers whatever source they come from: the
 * manifest's bytes depend on its content only.
 */
import { ByteDictionary } from "../../base/byte-dictionary.ts";
import { type ChunkRows, ROW_VIRTUAL } from "./chunk-rows.ts";
import type { RowSelection } from "./row-selection.ts";

const POSITIONS_MIN = 2 ** 6;
const POSITIONS_MAX = 2 ** 16; // Enough for the files of most arrays, in 768 KiB.

/** Rows that number their distinct locations already: equal numbers mean equal locations and vice versa. */
export interface CodedRows extends ChunkRows {
  /** Holds the location of every virtual row, and maybe other strings. Read only. */
  readonly strings: ByteDictionary;
  /** The number of a virtual row's location in `strings`. */
  locationCode(row: number): number;
}

/** Rows that know where a location is stored: equal positions mean equal locations. */
interface PositionedRows extends ChunkRows {
  /** The position of a virtual row's location, or -1. */
  locationPosition(row: number): number;
}

/** Numbers locations and gives them back. */
export interface LocationNumbers {
  /** How many distinct ones there were so far. */
  readonly length: number;
  /** Byte count of location number `number`. */
  byteLength(number: number): number;
  /** Copies location number `number` to `target` from word `at` on, zeros up to a word behind it. */
  copyTo(number: number, target: Uint32Array, at: number): void;
  /** The number of the location of a virtual row. */
  numberOf(rows: ChunkRows, row: number): number;
}

/** Numbers for these selections: without hashing if all virtual rows are of one table that has codes. */
export function locationNumbers(selections: readonly RowSelection[]): LocationNumbers {
  const sources = new Set<ChunkRows>();
  const rowCount = selections.reduce((sum, { length }) => sum + length, 0);
  for (const selection of selections) {
    for (const rows of selection.sources) sources.add(rows);
  }
  const virtual = [...sources].filter(mayHoldVirtual);
  const [only] = virtual;
  return virtual.length === 1 && only !== undefined && isCoded(only)
    ? new CodedNumbers(only)
    : new HashedNumbers(rowCount);
}

function hasPositions(rows: ChunkRows): rows is PositionedRows {
  return "locationPosition" in rows;
}

function isCoded(rows: ChunkRows): rows is CodedRows {
  return "locationCode" in rows;
}

function mayHoldVirtual(rows: ChunkRows): boolean {
  if (isCoded(rows)) return rows.strings.length > 0;
  for (let row = 0; row < rows.length; row++) if (rows.kind(row) === ROW_VIRTUAL) return true;
  return false;
}

class CodedNumbers implements LocationNumbers {
  readonly #rows: CodedRows;
  /** By code: number + 1; 0 = not seen. */
  readonly #numbers: Uint32Array;
  readonly #codes: Uint32Array;
  #length = 0;

  constructor(rows: CodedRows) {
    this.#rows = rows;
    this.#numbers = new Uint32Array(rows.strings.length);
    this.#codes = new Uint32Array(rows.strings.length);
  }

  get length(): number {
    return this.#length;
  }

  byteLength(number: number): number {
    return this.#rows.strings.byteLength(this.#codes[number] as number);
  }

  copyTo(number: number, target: Uint32Array, at: number): void {
    this.#rows.strings.copyTo(this.#codes[number] as number, target, at);
  }

  numberOf(_rows: ChunkRows, row: number): number {
    const code = this.#rows.locationCode(row);
    const known = this.#numbers[code] as number;
    if (known !== 0) return known - 1;
    const number = this.#length++;
    this.#numbers[code] = number + 1;
    this.#codes[number] = code;
    return number;
  }
}

class HashedNumbers implements LocationNumbers {
  readonly #strings = new ByteDictionary();
  /** Numbers by position, as far as slots do not collide; of one source at a time. */
  readonly #positions: Float64Array;
  readonly #numbers: Uint32Array;
  #positionedRows: ChunkRows | undefined;

  constructor(rowCount: number) {
    let positions = POSITIONS_MIN;
    while (positions < rowCount && positions < POSITIONS_MAX) positions *= 2;
    this.#positions = new Float64Array(positions);
    this.#numbers = new Uint32Array(positions);
  }

  get length(): number {
    return this.#strings.length;
  }

  byteLength(number: number): number {
    return this.#strings.byteLength(number);
  }

  copyTo(number: number, target: Uint32Array, at: number): void {
    this.#strings.copyTo(number, target, at);
  }

  numberOf(rows: ChunkRows, row: number): number {
    const position = hasPositions(rows) ? rows.locationPosition(row) : -1;
    if (position < 0) return this.#strings.add(rows.locationBytes(row));
    if (rows !== this.#positionedRows) {
      this.#positions.fill(-1);
      this.#positionedRows = rows;
    }
    const slot = (position >>> 2) & (this.#positions.length - 1);
    if (this.#positions[slot] === position) return this.#numbers[slot] as number;
    const number = this.#strings.add(rows.locationBytes(row));
    this.#positions[slot] = position;
    this.#numbers[slot] = number;
    return number;
  }
}
