import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderedMap } from "../../../src/base/ordered-map.ts";

const byNumber = (a: number, b: number): number => a - b;

/** A step on one of the maps taken so far; the last kind takes a copy. */
const step = fc.record({
  map: fc.nat(7),
  kind: fc.constantFrom("set", "set", "set", "delete", "clone"),
  key: fc.nat(400),
});

test("it holds what a sorted Map would, in every copy", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1500, size: "max" }), (steps) => {
      const maps = [new OrderedMap<number, number>(byNumber)];
      const models = [new Map<number, number>()];
      for (const [at, { map, kind, key }] of steps.entries()) {
        const chosen = map % maps.length;
        const ordered = maps[chosen] as OrderedMap<number, number>;
        const model = models[chosen] as Map<number, number>;
        if (kind === "set") {
          ordered.set(key, at);
          model.set(key, at);
        } else if (kind === "delete") {
          expect(ordered.delete(key)).toBe(model.delete(key));
        } else if (maps.length < 8) {
          maps.push(ordered.clone());
          models.push(new Map(model));
        }
      }
      for (const [at, ordered] of maps.entries()) {
        const sorted = [...(models[at] as Map<number, number>)].sort(([a], [b]) => a - b);
        expect([...ordered]).toEqual(sorted);
        expect(ordered.size).toBe(sorted.length);
        expect([...ordered.from(200)]).toEqual(sorted.filter(([key]) => key >= 200));
        for (const [key, value] of sorted) expect(ordered.get(key)).toBe(value);
      }
    }),
    { numRuns: 60 },
  );
});

test("it answers for keys that it does not hold", () => {
  const map = new OrderedMap<number, string>(byNumber);
  for (let key = 0; key < 200; key += 2) map.set(key, `${key}`);

  expect(map.get(101)).toBeUndefined();
  expect(map.has(-1)).toBe(false);
  expect(map.delete(199)).toBe(false);
});

test("iterating sees the entries of the moment it began", () => {
  const map = new OrderedMap<number, string>(byNumber);
  for (let key = 0; key < 100; key++) map.set(key, "old");

  const seen = [];
  for (const [key, value] of map) {
    seen.push(value);
    map.set(key + 1, "new");
    map.delete(key);
  }

  expect(seen).toEqual(Array.from({ length: 100 }, () => "old"));
});

test("it tells what it has beside another that was copied from it, without a walk through both", () => {
  const map = new OrderedMap<number, number>(byNumber);
  for (let key = 0; key < 10_000; key++) map.set(key, 0);
  const other = map.clone();
  map.set(5_000, 1);
  map.delete(77);

  const beside = [...map.entriesBeside(other)];

  expect(beside).toContainEqual([5_000, 1]);
  expect(beside.length).toBeLessThan(100);
  expect([...other.entriesBeside(map)]).toContainEqual([77, 0]);
  expect([...map.entriesBeside(map)]).toEqual([]);
});
