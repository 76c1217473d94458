/**
 * Edits of FlatBuffers that know tables, vtables, offsets and vectors, without a schema: whatever
 * can be followed from the root is taken for what it most likely is.
 */
import { type Edit, editBytes, viewOf } from "./byte-edits.ts";
import type { Dice } from "./dice.ts";

interface Sites {
  /** Positions of fields that may be offsets, with what they point to. */
  readonly offsets: { readonly at: number; readonly target: number }[];
  /** Positions of vector and string lengths. */
  readonly lengths: number[];
  readonly tables: number[];
  readonly vtables: number[];
  /** Positions of all fields of all tables. */
  readonly fields: number[];
}

const TABLES_MAX = 200;
const ELEMENTS_FOLLOWED_MAX = 12;
const HOSTILE_LENGTHS = [0, 1, 2, 3, 255, 65_535, 65_536, 0x3fffffff, 0x40000000, 0x7fffffff];

const known = new WeakMap<Uint8Array, Sites>();

/** The sites of a payload that stays as it is. */
function sitesOf(payload: Uint8Array): Sites {
  const cached = known.get(payload);
  if (cached !== undefined) return cached;
  const sites: Sites = { offsets: [], lengths: [], tables: [], vtables: [], fields: [] };
  if (payload.length >= 8) new Walk(payload, sites).follow(0);
  known.set(payload, sites);
  return sites;
}

class Walk {
  readonly #view: DataView;
  readonly #sites: Sites;
  readonly #seen = new Set<number>();

  constructor(payload: Uint8Array, sites: Sites) {
    this.#view = viewOf(payload);
    this.#sites = sites;
  }

  /** Takes the word at `at` for an offset, if it can be one. */
  follow(at: number): void {
    const end = this.#view.byteLength;
    if (at + 4 > end) return;
    const target = at + this.#view.getUint32(at, true);
    if (target === at || target + 4 > end) return;
    const isTable = this.#isTable(target);
    const length = this.#view.getUint32(target, true);
    if (!isTable && target + 4 + length > end) return;
    this.#sites.offsets.push({ at, target });
    if (this.#seen.has(target) || this.#seen.size > TABLES_MAX) return;
    this.#seen.add(target);
    if (isTable) this.#table(target);
    else this.#vector(target, length);
  }

  #isTable(target: number): boolean {
    const vtable = target - this.#view.getInt32(target, true);
    if (vtable < 4 || vtable + 4 > this.#view.byteLength || vtable === target) return false;
    const size = this.#view.getUint16(vtable, true);
    const tableSize = this.#view.getUint16(vtable + 2, true);
    return size >= 4 && size % 2 === 0 && size <= 64 && tableSize >= 4 && tableSize <= 256;
  }

  #table(table: number): void {
    const vtable = table - this.#view.getInt32(table, true);
    this.#sites.tables.push(table);
    this.#sites.vtables.push(vtable);
    const size = this.#view.getUint16(vtable, true);
    for (let entry = 4; entry < size && vtable + entry + 2 <= this.#view.byteLength; entry += 2) {
      const offset = this.#view.getUint16(vtable + entry, true);
      if (offset === 0) continue;
      this.#sites.fields.push(table + offset);
      this.follow(table + offset);
    }
  }

  #vector(vector: number, length: number): void {
    this.#sites.lengths.push(vector);
    for (let i = 0; i < Math.min(length, ELEMENTS_FOLLOWED_MAX); i++) {
      this.follow(vector + 4 + 4 * i);
    }
  }
}

/** A copy of `payload` after an edit or a few of its structure, now and then of its bytes too. */
export function editFlatbuffer(payload: Uint8Array, dice: Dice): Uint8Array {
  const sites = sitesOf(payload);
  if (sites.tables.length === 0) return editBytes(payload, dice);
  const structural: Edit = (bytes, inner) => editOnce(bytes, sites, inner);
  const edited = editBytes(payload, dice, [structural]);
  return dice.oneIn(4) ? editBytes(edited, dice) : edited;
}

function editOnce(bytes: Uint8Array, sites: Sites, dice: Dice): Uint8Array {
  const view = viewOf(bytes);
  // An edit before may have shortened the bytes.
  const fits = (at: number, size: number): boolean => at + size <= bytes.length;
  switch (dice.below(8)) {
    case 0: {
      const at = dice.pick(sites.lengths.length > 0 ? sites.lengths : sites.fields);
      if (fits(at, 4)) view.setUint32(at, newLength(view, at, dice), true);
      return bytes;
    }
    case 1:
    case 2: {
      const { at } = dice.pick(sites.offsets);
      if (fits(at, 4)) view.setUint32(at, newTarget(bytes, sites, dice) - at, true);
      return bytes;
    }
    case 3: {
      const vtable = dice.pick(sites.vtables);
      const at = vtable + 2 * dice.below(10);
      if (fits(at, 2)) view.setUint16(at, dice.pick([0, 1, 2, 4, 5, 8, 0xffff, 12]), true);
      return bytes;
    }
    case 4: {
      const table = dice.pick(sites.tables);
      if (fits(table, 4)) view.setInt32(table, table - dice.pick(sites.vtables), true);
      return bytes;
    }
    case 5:
    case 6: {
      const at = dice.pick(sites.fields);
      for (let left = 1 + dice.below(8), i = 0; i < left && fits(at + i, 1); i++) {
        bytes[at + i] = dice.pick([0, 1, 2, 3, 0x7f, 0x80, 0xff, dice.below(256)]);
      }
      return bytes;
    }
    default: {
      const from = dice.pick(sites.tables);
      const to = dice.pick(sites.tables);
      return bytes.copyWithin(to, from, from + 4 * (1 + dice.below(8)));
    }
  }
}

function newLength(view: DataView, at: number, dice: Dice): number {
  const present = view.getUint32(at, true);
  const rest = view.byteLength - at - 4;
  if (dice.oneIn(2)) return dice.pick([present + 1, present - 1, present * 2, rest, rest + 1]);
  return dice.oneIn(2) ? dice.pick(HOSTILE_LENGTHS) : Math.floor(rest / dice.pick([2, 4, 8, 12]));
}

function newTarget(bytes: Uint8Array, sites: Sites, dice: Dice): number {
  if (dice.oneIn(4)) return dice.below(bytes.length + 8);
  return dice.oneIn(2) ? dice.pick(sites.tables) : dice.pick(sites.offsets).target;
}
