/** Values of one chunk as bytes and back: the Zarr codecs `bytes` and `vlen-utf8`. */
import { decodeUtf8, encodeUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { isLittleEndian } from "../../zarr/fill-value.ts";
import { float16Bits } from "../../zarr/float16.ts";
import {
  type ElementType,
  isList,
  isNumeric,
  type NumericValues,
  numbersFromBytes,
  type Values,
} from "../array/elements.ts";
import { withoutTrailingNulls } from "../netcdf/char-source.ts";
import { swapBytes } from "../netcdf/netcdf3-source.ts";
import { elementBytes } from "./data-type.ts";

/** Order of the bytes of a number. */
export type Endian = "little" | "big";

const COUNT_BYTES = 4;

/** Elements of fixed size as bytes; fresh. */
export function encodeElements(type: ElementType, values: Values, endian: Endian): Uint8Array {
  if (isNumeric(type)) {
    const numbers = type.name === "float16" ? halves(values) : (values as NumericValues);
    const bytes = new Uint8Array(
      numbers.buffer as ArrayBuffer,
      numbers.byteOffset,
      numbers.byteLength,
    ).slice();
    return inOrder(bytes, numbers.BYTES_PER_ELEMENT, endian);
  }
  const width = elementBytes(type);
  const bytes = new Uint8Array(width * values.length);
  if (type.name === "bytes") {
    (values as Uint8Array[]).forEach((value, i) => {
      bytes.set(value.subarray(0, width), i * width);
    });
    return bytes;
  }
  const view = new DataView(bytes.buffer);
  (values as string[]).forEach((text, i) => {
    let at = i * width;
    for (const character of text) {
      view.setUint32(at, character.codePointAt(0) ?? 0, endian === "little");
      at += 4;
    }
  });
  return bytes;
}

function halves(values: Values): Uint16Array {
  return Uint16Array.from(values as Float32Array, float16Bits);
}

function inOrder(bytes: Uint8Array, itemBytes: number, endian: Endian): Uint8Array {
  if ((endian === "little") !== isLittleEndian()) swapBytes(bytes, itemBytes);
  return bytes;
}

/**
 * Elements of fixed size; `chunk` is for messages. `bytes` may be changed.
 * @throws {deserialization} another number of bytes than `count` elements have; bad code points.
 */
export function decodeElements(
  type: ElementType,
  bytes: Uint8Array,
  count: number,
  endian: Endian,
  chunk: string,
): Values {
  const width = elementBytes(type);
  if (bytes.length !== width * count) {
    throw damaged(chunk, `${bytes.length} bytes, expected ${width * count}`);
  }
  if (isNumeric(type)) return numbersFromBytes(type, inOrder(bytes.slice(), width, endian));
  const items = Array.from({ length: count }, (_, i) => bytes.subarray(i * width, (i + 1) * width));
  if (type.name === "bytes") return items.map(withoutTrailingNulls);
  return items.map((item) => utf32Text(item, endian, chunk));
}

function utf32Text(bytes: Uint8Array, endian: Endian, chunk: string): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const points: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) points.push(view.getUint32(at, endian === "little"));
  while (points.at(-1) === 0) points.pop();
  if (points.some((point) => point > 0x10ffff)) throw damaged(chunk, "no code point");
  return points.map((point) => String.fromCodePoint(point)).join("");
}

/** Strings of any length: their count, then each with its length before it. */
export function encodeTexts(values: Values): Uint8Array {
  const texts = (isList(values) ? (values as string[]) : []).map(encodeUtf8);
  const size = texts.reduce((bytes, text) => bytes + COUNT_BYTES + text.length, COUNT_BYTES);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, texts.length, true);
  let at = COUNT_BYTES;
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + COUNT_BYTES);
    at += COUNT_BYTES + text.length;
  }
  return bytes;
}

/** Strings of any length. Throws `deserialization` for damage, naming the chunk. */
export function decodeTexts(bytes: Uint8Array, count: number, chunk: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = bytes.length < COUNT_BYTES ? 0 : view.getUint32(0, true);
  if (bytes.length < COUNT_BYTES || found !== count) {
    throw damaged(chunk, `${found} strings, expected ${count}`);
  }
  const texts: string[] = [];
  let at = COUNT_BYTES;
  for (let i = 0; i < count; i++) {
    const start = at + COUNT_BYTES;
    const end = start > bytes.length ? start : start + view.getUint32(at, true);
    if (end > bytes.length) throw damaged(chunk, `string ${i} reaches beyond its end`);
    try {
      texts.push(decodeUtf8(bytes.subarray(start, end)));
    } catch (cause) {
      throw damaged(chunk, `string ${i} is not UTF-8`, cause);
    }
    at = end;
  }
  return texts;
}

/** `deserialization` for a chunk. */
export function damaged(chunk: string, what: string, cause?: unknown): Error {
  return makeError("deserialization", `chunk ${chunk} is damaged: ${what}`, {
    details: { chunk },
    ...(cause === undefined ? {} : { cause }),
  });
}
