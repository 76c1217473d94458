/** Elements of one chunk as bytes and back: the Zarr codecs `bytes`, `vlen-utf8` and `vlen-bytes`. */
import { decodeUtf8, encodeUtf8 } from "../../base/bytes.ts";
import { damaged } from "./damaged.ts";
import type { DataType } from "./data-type.ts";
import {
  bytesOf,
  type Elements,
  isList,
  isLittleEndian,
  type Numbers,
  swapBytes,
} from "./elements.ts";
import { withoutTrailingNulls } from "./fill-value.ts";

/** Order of the bytes of a number. */
export type Endian = "little" | "big";

const COUNT_BYTES = 4;

/** Elements of fixed size as bytes; fresh. */
export function encodeElements(dataType: DataType, elements: Elements, endian: Endian): Uint8Array {
  if (!isList(elements)) {
    const bytes = bytesOf(elements).slice();
    return inOrder(bytes, elements.BYTES_PER_ELEMENT, endian);
  }
  const width = dataType.bytesPerElement;
  const bytes = new Uint8Array(width * elements.length);
  if (dataType.kind === "bytes") {
    (elements as Uint8Array[]).forEach((value, i) => {
      bytes.set(value.subarray(0, width), i * width);
    });
    return bytes;
  }
  const view = new DataView(bytes.buffer);
  (elements as string[]).forEach((text, i) => {
    let at = i * width;
    for (const character of text) {
      view.setUint32(at, character.codePointAt(0) ?? 0, endian === "little");
      at += 4;
    }
  });
  return bytes;
}

function inOrder(bytes: Uint8Array, itemBytes: number, endian: Endian): Uint8Array {
  if ((endian === "little") !== isLittleEndian()) swapBytes(bytes, itemBytes);
  return bytes;
}

/**
 * Elements of fixed size; `chunk` is for messages.
 * @throws {deserialization} another number of bytes than `count` elements have; bad code points
 */
export function decodeElements(
  dataType: DataType,
  bytes: Uint8Array,
  count: number,
  endian: Endian,
  chunk: string,
): Elements {
  const width = dataType.bytesPerElement;
  if (bytes.length !== width * count) {
    throw damaged(chunk, `${bytes.length} bytes, expected ${width * count}`);
  }
  const elements = dataType.allocate(count);
  if (!isList(elements)) {
    const target = bytesOf(elements);
    target.set(bytes);
    inOrder(target, (elements as Numbers).BYTES_PER_ELEMENT, endian);
    return elements;
  }
  const items = Array.from({ length: count }, (_, i) => bytes.subarray(i * width, (i + 1) * width));
  if (dataType.kind === "bytes") return items.map(withoutTrailingNulls);
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

/** Strings and byte strings of any length: their count, then each with its length before it. */
export function encodeVariable(elements: Elements): Uint8Array {
  const items = (isList(elements) ? (elements as (string | Uint8Array)[]) : []).map((item) =>
    typeof item === "string" ? encodeUtf8(item) : item,
  );
  const size = items.reduce((bytes, item) => bytes + COUNT_BYTES + item.length, COUNT_BYTES);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, items.length, true);
  let at = COUNT_BYTES;
  for (const item of items) {
    view.setUint32(at, item.length, true);
    bytes.set(item, at + COUNT_BYTES);
    at += COUNT_BYTES + item.length;
  }
  return bytes;
}

/**
 * Strings and byte strings of any length.
 * @throws {deserialization} for damage, naming the chunk
 */
export function decodeVariable(
  dataType: DataType,
  bytes: Uint8Array,
  count: number,
  chunk: string,
): Elements {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = bytes.length < COUNT_BYTES ? 0 : view.getUint32(0, true);
  if (bytes.length < COUNT_BYTES || found !== count) {
    throw damaged(chunk, `${found} strings, expected ${count}`);
  }
  const items: Uint8Array[] = [];
  let at = COUNT_BYTES;
  for (let i = 0; i < count; i++) {
    const start = at + COUNT_BYTES;
    const end = start > bytes.length ? start : start + view.getUint32(at, true);
    if (end > bytes.length) throw damaged(chunk, `string ${i} reaches beyond its end`);
    items.push(bytes.subarray(start, end));
    at = end;
  }
  if (dataType.kind === "bytes") return items.map((item) => item.slice());
  return items.map((item, i) => {
    try {
      return decodeUtf8(item);
    } catch (cause) {
      throw damaged(chunk, `string ${i} is not UTF-8`, cause);
    }
  });
}
