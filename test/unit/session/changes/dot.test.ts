import fc from "fast-check";
import { expect, test, vi } from "vitest";
import {
  covers,
  extendVector,
  growingVector,
  joinVectors,
} from "../../../../src/session/changes/dot.ts";

const A = new Map([
  ["x", 3],
  ["y", 1],
]);
const B = new Map([
  ["y", 2],
  ["z", 1],
  ["x", 2],
]);

test("a version is extended to what joining gives", () => {
  const extended = growingVector(A);

  extendVector(extended, B);

  expect([...extended]).toEqual([...joinVectors(A, B)]);
  expect(Object.fromEntries(extended)).toEqual({ x: 3, y: 2, z: 1 });
});

test("versions of one history are compared and joined by what is new", () => {
  const many = growingVector(new Map());
  for (let i = 0; i < 5000; i++) many.set(`origin ${i}`, 1);
  const later = many.clone();
  later.set("another", 1);
  const get = vi.spyOn(later, "get");
  const getBefore = vi.spyOn(many, "get");

  expect(covers(later, many)).toBe(true);
  expect(covers(many, later)).toBe(false);
  extendVector(later, many);
  extendVector(many, later);

  expect(get.mock.calls.length + getBefore.mock.calls.length).toBeLessThan(300);
  expect([...many]).toEqual([...later]);
});

test("versions of one history come to what comparing and joining everything gives", () => {
  const anyChanges = fc.array(fc.tuple(fc.nat(300).map(String), fc.integer({ min: 1, max: 9 })), {
    maxLength: 300,
    size: "max",
  });
  fc.assert(
    fc.property(anyChanges, anyChanges, anyChanges, (first, left, right) => {
      const a = growingVector(new Map(first));
      const b = a.clone();
      extendVector(a, new Map(left));
      extendVector(b, new Map(right));

      expect(covers(a, b)).toBe(covers(new Map(a), new Map(b)));
      const joined = joinVectors(a, b);
      expect([...joined]).toEqual([...joinVectors(new Map(a), new Map(b))]);
      expect(covers(joined, a) && covers(joined, b)).toBe(true);
    }),
  );
});
