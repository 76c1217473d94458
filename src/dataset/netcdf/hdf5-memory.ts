/** Bytes and texts that HDF5 writes into the module's memory, taken out of it. */
import { makeError } from "../../base/errors.ts";
import type { Hdf5Module } from "./hdf5.ts";

/** The module counts memory in 32 bits, and the file may lie there too. */
const BYTES_MAX = 2 ** 31;
const POINTER_BYTES = 4;

/**
 * A fresh copy of `byteCount` bytes that `fill` writes at a pointer in the module's memory. What it
 * does not write is zero: HDF5 leaves out what no file ever held.
 * @throws {unimplemented} more than the module's memory holds
 */
export function bytesFrom(
  module: Hdf5Module,
  byteCount: number,
  fill: (pointer: bigint) => void,
): Uint8Array {
  const pointer = byteCount > BYTES_MAX ? 0 : module._malloc(Math.max(1, byteCount));
  if (pointer === 0) {
    throw makeError("unimplemented", `${byteCount} bytes are more than HDF5 can read at once`, {
      details: { byteCount, byteCountMax: BYTES_MAX },
    });
  }
  try {
    module.HEAPU8.fill(0, pointer, pointer + byteCount);
    fill(BigInt(pointer));
    return module.HEAPU8.slice(pointer, pointer + byteCount);
  } finally {
    module._free(pointer);
  }
}

/** `count` texts of variable length to which `fill` writes pointers; their bytes before a NUL. */
export function textsFrom(
  module: Hdf5Module,
  count: number,
  fill: (pointer: bigint) => void,
): Uint8Array[] {
  const bytes = bytesFrom(module, count * POINTER_BYTES, fill);
  const pointers = new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  return Array.from(pointers, (pointer) => {
    if (pointer === 0) return new Uint8Array(0);
    const memory = module.HEAPU8;
    const text = memory.slice(pointer, memory.indexOf(0, pointer));
    module._free(pointer); // HDF5 allocated it for us.
    return text;
  });
}
