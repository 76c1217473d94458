import { expect, test } from "vitest";
import { systemRuntime } from "../../../../src/base/runtime.ts";
import { objectIdToBytes } from "../../../../src/format/ids.ts";
import { ORIGIN_NUMBER_BYTES, originFamily } from "../../../../src/session/state/origins.ts";

const RUNTIME = systemRuntime();
const familyOf = (origin: string): string =>
  objectIdToBytes(origin).subarray(0, -ORIGIN_NUMBER_BYTES).join();
const numberOf = (origin: string): number =>
  objectIdToBytes(origin)
    .subarray(-ORIGIN_NUMBER_BYTES)
    .reduce((sum, byte) => 256 * sum + byte, 0);

test("ids of a family differ in their numbers alone, which follow each other", () => {
  const family = originFamily(RUNTIME);
  const ids = Array.from({ length: 70_000 }, () => family.next());

  expect(new Set(ids.map(familyOf)).size).toBe(1);
  expect(ids.map(numberOf)).toEqual(Array.from(ids.keys()));
});

test("two families share no id", () => {
  const [a, b] = [originFamily(RUNTIME), originFamily(RUNTIME)];

  expect(familyOf(a.next())).not.toBe(familyOf(b.next()));
});

test("a family whose numbers are used up begins anew", () => {
  const family = originFamily(RUNTIME, 3);
  const ids = Array.from({ length: 7 }, () => family.next());

  expect(new Set(ids).size).toBe(7);
  expect(new Set(ids.map(familyOf)).size).toBe(3);
  expect(ids.map(numberOf)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});
