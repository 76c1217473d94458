/** What tests of zstd make contents of, and compare them with. */
import { expect } from "vitest";
import { equalBytes } from "../../../../src/base/bytes.ts";

/** `toEqual` takes seconds for large arrays. */
export function expectEqualBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(equalBytes(actual, expected)).toBe(true);
}

/** Seeded: the same numbers in every run. */
export function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
