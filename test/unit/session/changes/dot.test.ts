import { expect, test } from "vitest";
import { extendVector, joinVectors } from "../../../../src/session/changes/dot.ts";

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
  const extended = new Map(A);

  extendVector(extended, B);

  expect(extended).toEqual(joinVectors(A, B));
  expect(Object.fromEntries(extended)).toEqual({ x: 3, y: 2, z: 1 });
});

test("a version is extended without a look at all that it holds", () => {
  class Uncounted extends Map<string, number> {
    override [Symbol.iterator](): never {
      throw new Error("read as a whole");
    }
    override entries(): never {
      throw new Error("read as a whole");
    }
    override forEach(): never {
      throw new Error("read as a whole");
    }
  }
  const large = new Uncounted();
  for (const [origin, epoch] of A) large.set(origin, epoch);

  extendVector(large, B);

  expect(large.get("z")).toBe(1);
});
