/**
 * Numbers for the distinct locations of a selection, in order of first use, so that a manifest
 * stores each once. Equal locations get equal numbers whatever source they come from: the
 * manifest's bytes depend on its content only.
 */
import { ByteDictionary } from "../../base/byte-dictionary.ts";
import { type ChunkRows, ROW_VIRTUAL } from "./chunk-rows.ts";
import type { RowSelection } from "./row-selection.ts";

const PLACES_MIN = 2 ** 6;
const PLACES_MAX = 2 ** 16; // Enough for the files of most arrays, in 768 KiB.

/** Rows that number their distinct locations already: equal numbers mean equal locations and vice versa. */
export interface CodedRows extends ChunkRows {
  /** Holds the location of every virtual row, and maybe other strings. Read only. */
  readonly strings: ByteDictionary;
  /** The number of a virtual row's location in `strings`. */
  locationCode(row: number): number;
}

/** Rows that know where a location is stored: equal places mean equal locations. */
interface PlacedRows extends ChunkRows {
  /** The place of a virtual row's location, or -1. */
  locationPlace(row: number): number;
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

function isPlaced(rows: ChunkRows): rows is PlacedRows {
  return "locationPlace" in rows;
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
  /** Numbers by place, as far as slots do not collide; of one source at a time. */
  readonly #places: Float64Array;
  readonly #numbers: Uint32Array;
  #placedRows: ChunkRows | undefined;

  constructor(rowCount: number) {
    let places = PLACES_MIN;
    while (places < rowCount && places < PLACES_MAX) places *= 2;
    this.#places = new Float64Array(places);
    this.#numbers = new Uint32Array(places);
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
    const place = isPlaced(rows) ? rows.locationPlace(row) : -1;
    if (place < 0) return this.#strings.add(rows.locationBytes(row));
    if (rows !== this.#placedRows) {
      this.#places.fill(-1);
      this.#placedRows = rows;
    }
    const slot = (place >>> 2) & (this.#places.length - 1);
    if (this.#places[slot] === place) return this.#numbers[slot] as number;
    const number = this.#strings.add(rows.locationBytes(row));
    this.#places[slot] = place;
    this.#numbers[slot] = number;
    return number;
  }
}
