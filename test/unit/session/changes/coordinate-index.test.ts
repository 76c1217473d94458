import fc from "fast-check";
import { expect, test } from "vitest";
import { CoordinateIndex } from "../../../../src/session/changes/coordinate-index.ts";

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

test("finds exactly what is there, whatever comes and goes", () => {
  const at = fc.array(fc.nat(9), { minLength: 2, maxLength: 2 });
  const steps = fc.array(fc.record({ at, removes: fc.boolean() }), {
    minLength: 100,
    maxLength: 300,
    size: "max",
  });
  fc.assert(
    fc.property(steps, (list) => {
      const index = new CoordinateIndex(2);
      const present = new Map<string, number[]>();
      for (const { at: coordinates, removes } of list) {
        const row = index.find(coordinates);
        expect(row >= 0).toBe(present.has(coordinates.join()));
        if (removes && row >= 0) {
          index.remove(row);
          present.delete(coordinates.join());
        } else if (!removes) {
          expect(index.findOrAdd(coordinates)).toBe(row >= 0 ? row : present.size);
          present.set(coordinates.join(), coordinates);
        }
        expect(index.length).toBe(present.size);
      }
      for (let y = 0; y < 10; y++) {
        for (let x = 0; x < 10; x++) {
          const row = index.find([y, x]);
          expect(row >= 0).toBe(present.has(`${y},${x}`));
          if (row >= 0) expect([index.at(row, 0), index.at(row, 1)]).toEqual([y, x]);
        }
      }
    }),
    { numRuns: 200 },
  );
});
