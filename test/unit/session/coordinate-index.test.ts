import { expect, test } from "vitest";
import { CoordinateIndex } from "../../../src/session/coordinate-index.ts";

test("an index that has been emptied takes ascending rows without hashing again", () => {
  const index = new CoordinateIndex(1);
  for (const at of [5, 3]) index.findOrAdd([at]);
  expect(index.isAscending).toBe(false);
  const hashed = index.bytesHeld;

  while (index.length > 0) index.remove(0);
  for (const at of [1, 2]) index.findOrAdd([at]);

  expect(index.isAscending).toBe(true);
  expect(index.bytesHeld).toBeLessThan(hashed);
  expect([index.find([1]), index.find([2]), index.find([5])]).toEqual([0, 1, -1]);
});
