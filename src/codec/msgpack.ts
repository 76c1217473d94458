/** MessagePack, the metadata encoding of spec 1 files: JSON-like values, and bigints beyond 2^53. */
import { decode, encode } from "@msgpack/msgpack";
import { makeError } from "../base/errors.ts";
import { isPlainObject } from "../base/options.ts";
import { setMember } from "./members.ts";

const DEPTH_MAX = 64;

/**
 * The value in `bytes`; integers beyond 2^53 become bigints.
 * @throws {deserialization}
 */
export function decodeMessagePack(bytes: Uint8Array): unknown {
  const lengthMax = bytes.length; // Nothing in the value can have more parts than bytes.
  try {
    const value = decode(bytes, {
      useBigInt64: true,
      maxStrLength: lengthMax,
      maxBinLength: lengthMax,
      maxArrayLength: lengthMax,
      maxMapLength: lengthMax,
      maxExtLength: lengthMax,
    });
    return mapNumbers(value, narrowBigint, 0);
  } catch (cause) {
    throw makeError("deserialization", "msgpack: value is damaged", { cause });
  }
}

/**
 * `value` as MessagePack, integers in their shortest form, NaN and infinities as null.
 * @throws {serialization}
 */
export function encodeMessagePack(value: unknown): Uint8Array {
  try {
    const prepared = mapNumbers(value, widenInteger, 0);
    return encode(prepared, { useBigInt64: true, ignoreUndefined: true, maxDepth: DEPTH_MAX + 1 });
  } catch (cause) {
    throw makeError("serialization", "msgpack: value has no stored form", { cause });
  }
}

function narrowBigint(value: number | bigint): number | bigint {
  if (typeof value === "number") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

// The package writes integers beyond 32 bits as floats unless they are bigints.
function widenInteger(value: number | bigint): number | bigint | null {
  const narrow = narrowBigint(value);
  if (typeof narrow === "bigint") return narrow;
  if (!Number.isFinite(narrow)) return null;
  return Number.isSafeInteger(narrow) && Math.abs(narrow) > 2 ** 31 ? BigInt(narrow) : narrow;
}

function mapNumbers(
  value: unknown,
  change: (value: number | bigint) => unknown,
  depth: number,
): unknown {
  if (depth > DEPTH_MAX) throw new RangeError("nested too deeply");
  if (typeof value === "number" || typeof value === "bigint") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapNumbers(item, change, depth + 1));
  if (!isPlainObject(value)) return value;
  const mapped: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    setMember(mapped, name, mapNumbers(item, change, depth + 1));
  }
  return mapped;
}
