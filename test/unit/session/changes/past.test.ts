import { expect, test, vi } from "vitest";
import { OrderedMap } from "../../../../src/base/ordered-map.ts";
import type { Dot } from "../../../../src/session/changes/dot.ts";
import {
  addClosedEpoch,
  copyPast,
  emptyPast,
  type Past,
  pastBeyond,
} from "../../../../src/session/changes/past.ts";
import { contains, learn, startWalk } from "../../../../src/session/merge/learning.ts";

const dot = (origin: string, epoch: number): Dot => ({ origin, epoch });

/** What a fork knows that has written in one epoch. */
function pastOf(origin: string, birth?: Dot, below: Past = emptyPast()): Past {
  const past = copyPast(below);
  addClosedEpoch(past, dot(origin, 1), birth);
  return past;
}

const listed = ({ vector, births, lessons }: Past) => [[...vector], [...births], [...lessons]];

test("a name stands for what was held when its epoch was closed, and no more", () => {
  const parent = pastOf("p");
  learn(parent, pastOf("f"), dot("p", 2));
  addClosedEpoch(parent, dot("p", 2), undefined);
  learn(parent, pastOf("g"), dot("p", 3));
  addClosedEpoch(parent, dot("p", 3), undefined);

  expect(contains(parent, dot("p", 1), dot("f", 1))).toBe(false);
  expect(contains(parent, dot("p", 2), dot("f", 1))).toBe(true);
  expect(contains(parent, dot("p", 2), dot("f", 2))).toBe(false);
  expect(contains(parent, dot("p", 2), dot("g", 1))).toBe(false);
  expect(contains(parent, dot("p", 2), dot("p", 2))).toBe(true);
  expect(contains(parent, dot("p", 2), dot("p", 3))).toBe(false);
  expect(contains(parent, undefined, dot("p", 1))).toBe(false);
});

test("a name stands for what its state was born with, too", () => {
  const grandparent = pastOf("q");
  learn(grandparent, pastOf("f"), dot("q", 2));
  addClosedEpoch(grandparent, dot("q", 2), undefined);
  const past = pastOf("p", dot("q", 2), grandparent);
  learn(past, pastOf("g"), dot("q", 3));

  expect(contains(past, dot("p", 1), dot("f", 1))).toBe(true);
  expect(contains(past, dot("p", 1), dot("q", 2))).toBe(true);
  expect(contains(past, dot("p", 1), dot("g", 1))).toBe(false);
});

test("a fork that has grown is learnt of again", () => {
  const past = pastOf("p");
  learn(past, pastOf("f"), dot("p", 2));
  const grown = pastOf("f");
  addClosedEpoch(grown, dot("f", 4), undefined);
  learn(past, grown, dot("p", 3));

  expect(contains(past, dot("p", 2), dot("f", 1))).toBe(true);
  expect(contains(past, dot("p", 2), dot("f", 3))).toBe(false);
  expect(contains(past, dot("p", 3), dot("f", 3))).toBe(true);
  expect(learn(past, grown, dot("p", 4))).toBe(false);
});

test("nobody learns of others what it learnt itself", () => {
  const past = pastOf("p");
  const others = pastOf("f");
  others.lessons.set({ by: "p", origin: "g", epoch: 1 }, 1);
  learn(past, others, dot("p", 2));

  expect([...past.lessons]).toEqual([[{ by: "p", origin: "f", epoch: 1 }, 2]]);
});

test("what is beyond a past is what was written and learnt since", () => {
  const below = pastOf("p");
  learn(below, pastOf("f"), dot("p", 2));
  const past = pastOf("g", dot("p", 1), below);
  learn(past, pastOf("h"), dot("g", 2));

  expect(listed(pastBeyond(past, below))).toEqual([
    [
      ["g", 1],
      ["h", 1],
    ],
    [["g", dot("p", 1)]],
    [[{ by: "g", origin: "h", epoch: 1 }, 2]],
  ]);
});

test("what is new to a past of one history is found without a look at the rest", () => {
  const many = pastOf("p");
  for (let i = 0; i < 5000; i++) learn(many, pastOf(`origin ${i}`), dot("p", 2));
  const later = pastOf("q", dot("p", 1), many);
  learn(later, pastOf("another"), dot("q", 2));
  const get = vi.spyOn(OrderedMap.prototype, "get");

  learn(many, later, dot("p", 3));
  pastBeyond(later, many);

  expect(get.mock.calls.length).toBeLessThan(300);
  expect(many.vector.get("another")).toBe(1);
});

test("writes are not compared with generations without end", () => {
  const past = emptyPast();
  const names = Array.from({ length: 1000 }, (_, at) => `s${at}`);
  for (const [at, name] of names.entries())
    past.births.set(name, dot(names[(at + 1) % names.length] as string, 1));
  const walk = startWalk();
  const compareAll = () => {
    for (let writes = 0; writes < 10_000; writes++) contains(past, dot("s0", 1), dot("x", 1), walk);
  };

  expect(compareAll).toThrow("too many generations");
});
