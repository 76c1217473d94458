/** Whether values are nothing but the fill value, bit for bit: such chunks are not stored. */
import { equalBytes } from "../../base/bytes.ts";
import { isList, type NumericValues, type Values } from "../array/elements.ts";

/** Whether every element is bitwise the one of `fill`: `-0` is not `0`. */
export function holdsOnly(values: Values, fill: Values): boolean {
  if (isList(values)) return values.every((value) => isSameItem(value, fill[0] as string));
  if (values.length === 0) return true;
  const bytes = bytesOf(values);
  const width = values.BYTES_PER_ELEMENT;
  // Equal to itself shifted by one element, and the first one is the fill value.
  return (
    equalBytes(bytes.subarray(0, width), bytesOf(fill as NumericValues)) &&
    equalBytes(bytes.subarray(width), bytes.subarray(0, bytes.length - width))
  );
}

/** Whether both are the same text or the same bytes. */
export function isSameItem(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return equalBytes(a, b);
}

function bytesOf(values: NumericValues): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
