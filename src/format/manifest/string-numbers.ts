/**
 * Numbers for the distinct locations or etags of a manifest, in order of first use, so that each is
 * stored once. Equal strings get equal numbers whatever source they come from: the manifest's bytes
 * depend on its content only.
 */
import { ByteDictionary } from "../../base/byte-dictionary.ts";
import type { ManifestBuffer } from "./buffer.ts";
import type { BulkRows } from "./bulk-rows.ts";

const SLOTS_MIN = 2 ** 6;
const SLOTS_MAX = 2 ** 16; // Enough for the files of most arrays, in 768 KiB.
const KEYS_END = 2 ** 32;

const NO_NUMBERS = new Uint32Array(0);

/** Rows of a block that have such a string if all bits of `mask` are set in their codes. */
interface StringRows {
  readonly codes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly mask: number;
}

/** Numbers strings by the keys that their sources know them by, and gives them back. */
export class StringNumbers {
  readonly #sources: readonly BulkRows[];
  readonly #ofKey: (buffer: ManifestBuffer, key: number) => Uint8Array;
  readonly #strings: ByteDictionary;
  /** By number: the code in `#strings`; `undefined`: they are the same. */
  #codes: Uint32Array | undefined;
  #length = 0;
  /** By source: number + 1 by code, 0 = not seen; of those whose keys are codes in a dictionary. */
  readonly #byCode: (Uint32Array | undefined)[] = [];
  /** Numbers by source and key of the others, as far as slots do not collide. */
  #slotKeys = new Float64Array(0);
  #slotNumbers = NO_NUMBERS;

  /** For up to `rowCount` rows of `sources`; `ofKey` reads the string of a key. */
  constructor(
    sources: readonly BulkRows[],
    rowCount: number,
    ofKey: (buffer: ManifestBuffer, key: number) => Uint8Array,
  ) {
    this.#sources = sources;
    this.#ofKey = ofKey;
    const holders = sources.filter(({ mayHoldVirtual }) => mayHoldVirtual);
    const only = holders.length === 1 ? holders[0]?.strings : undefined;
    // Strings of one dictionary are distinct already: none need be hashed or copied.
    this.#strings = only ?? new ByteDictionary();
    this.#codes = only && new Uint32Array(only.length);
    if (holders.every(({ strings }) => strings !== undefined)) return;
    let slotCount = SLOTS_MIN;
    while (slotCount < rowCount && slotCount < SLOTS_MAX) slotCount *= 2;
    this.#slotKeys = new Float64Array(slotCount).fill(-1);
    this.#slotNumbers = new Uint32Array(slotCount);
  }

  /** How many distinct ones there were so far. */
  get length(): number {
    return this.#length;
  }

  /** Byte count of string number `number`. */
  byteLength(number: number): number {
    return this.#strings.byteLength(this.#codeOf(number));
  }

  /** Writes string number `number` at byte `at`: its length, it, and a NUL that is there already. */
  write(number: number, words: Uint32Array, at: number): void {
    const code = this.#codeOf(number);
    words[at >>> 2] = this.#strings.byteLength(code);
    this.#strings.copyTo(code, words, (at >>> 2) + 1);
  }

  /** Puts numbers in the place of keys of source number `source`. */
  number(keys: Uint32Array, source: number, rows: StringRows): void {
    if (this.#sources[source]?.strings === undefined) this.#numberByKey(keys, source, rows);
    else this.#numberByCode(keys, source, rows);
  }

  #codeOf(number: number): number {
    return this.#codes === undefined ? number : (this.#codes[number] as number);
  }

  #numberByCode(keys: Uint32Array, source: number, { codes, start, end, mask }: StringRows): void {
    let known = this.#byCode[source] ?? NO_NUMBERS;
    for (let i = start; i < end; i++) {
      if (((codes[i] as number) & mask) !== mask) continue;
      const code = keys[i] as number;
      let number = (known[code] ?? 0) - 1;
      if (number < 0) {
        if (code >= known.length) known = this.#room(source, known);
        number = this.#add(source, code);
        known[code] = number + 1;
      }
      keys[i] = number;
    }
  }

  /** Room for the codes of all strings that a source has by now. */
  #room(source: number, known: Uint32Array): Uint32Array {
    const grown = new Uint32Array(this.#sources[source]?.strings?.length ?? 0);
    grown.set(known);
    this.#byCode[source] = grown;
    return grown;
  }

  #numberByKey(keys: Uint32Array, source: number, { codes, start, end, mask }: StringRows): void {
    const slotKeys = this.#slotKeys;
    const slotNumbers = this.#slotNumbers;
    for (let i = start; i < end; i++) {
      if (((codes[i] as number) & mask) !== mask) continue;
      const key = keys[i] as number;
      const wanted = source * KEYS_END + key;
      const slot = ((key >>> 3) ^ source) & (slotKeys.length - 1); // Strings are 4 bytes apart.
      if (slotKeys[slot] !== wanted) {
        slotNumbers[slot] = this.#add(source, key);
        slotKeys[slot] = wanted;
      }
      keys[i] = slotNumbers[slot] as number;
    }
  }

  #add(source: number, key: number): number {
    if (this.#codes === undefined) {
      const { strings, buffer } = this.#sources[source] as BulkRows;
      const number = this.#strings.add(
        strings?.bytes(key) ?? this.#ofKey(buffer as ManifestBuffer, key),
      );
      this.#length = this.#strings.length;
      return number;
    }
    if (this.#length >= this.#codes.length) {
      const grown = new Uint32Array(this.#strings.length);
      grown.set(this.#codes);
      this.#codes = grown;
    }
    this.#codes[this.#length] = key;
    return this.#length++;
  }
}
