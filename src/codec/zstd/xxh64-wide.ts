/**
 * The inner loop of XXH64 on 64-bit integers. V8 has kept wrapped BigInts in registers since
 * version 11, on 64-bit processors; elsewhere each step would allocate, and take a hundred times
 * as long as on halves.
 */

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const V8_MAJOR_MIN = 11;
const WIDE_PROCESSORS: readonly unknown[] = ["x64", "arm64"];

/** Whether this engine computes with 64-bit words at full speed. */
export const hasWideWords: boolean = findWideWords();

function findWideWords(): boolean {
  const { process } = globalThis as {
    process?: { arch?: unknown; versions?: Readonly<Record<string, string | undefined>> };
  };
  const { v8, bun } = process?.versions ?? {};
  // Bun names a version of V8 that it does not run on.
  if (v8 === undefined || bun !== undefined || !WIDE_PROCESSORS.includes(process?.arch))
    return false;
  return Number.parseInt(v8, 10) >= V8_MAJOR_MIN;
}

/** A accumulator after the rounds of every fourth word from `start` on. All operations wrap. */
export function advanceWideAccumulator(
  accumulator: bigint,
  words: BigUint64Array,
  start: number,
  end: number,
): bigint {
  let value = BigInt.asUintN(64, accumulator);
  for (let at = start; at < end; at += 4) {
    const mixed = BigInt.asUintN(64, (words[at] as bigint) * P2);
    const sum = BigInt.asUintN(64, value + mixed);
    const turned = BigInt.asUintN(64, sum << 31n) | BigInt.asUintN(64, sum >> 33n);
    value = BigInt.asUintN(64, BigInt.asUintN(64, turned) * P1);
  }
  return value;
}
