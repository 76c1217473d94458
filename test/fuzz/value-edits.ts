/** Edits of JSON-like values, for configurations: wrong types, hostile numbers, deep nesting. */
import type { Dice } from "./dice.ts";

const LEAVES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  1e300,
  65_536,
  2 ** 32,
  2 ** 53,
  2n ** 64n - 1n,
  -(2n ** 63n),
  "",
  "x",
  "s3://bucket/",
  "(a+)+$",
  "((a{50}){50}){50}",
  "(?:",
  "__proto__",
  [],
  {},
  [[]],
];
const KEYS = ["__proto__", "constructor", "toString", "unknown", "length", "", "é", "or", "and"];
/** Each level nests twice, and the encoder takes 64 levels. */
const DEPTH_MAX = 20;

/** A copy of `value` with one to three places changed. */
export function editValue(value: unknown, dice: Dice): unknown {
  let edited = value;
  for (let left = 1 + dice.below(3); left > 0; left--) edited = editOnce(edited, dice);
  return edited;
}

function editOnce(value: unknown, dice: Dice): unknown {
  if (dice.oneIn(6)) return leaf(dice);
  if (Array.isArray(value)) {
    const copy = [...value];
    if (copy.length === 0 || dice.oneIn(5)) copy.push(leaf(dice));
    else {
      const at = dice.below(copy.length);
      copy[at] = editOnce(copy[at], dice);
    }
    return copy;
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return leaf(dice);
  const entries = Object.entries(value);
  if (entries.length === 0 || dice.oneIn(6)) entries.push([dice.pick(KEYS), leaf(dice)]);
  else {
    const at = dice.below(entries.length);
    const [key, present] = entries[at] as [string, unknown];
    if (dice.oneIn(8)) entries.splice(at, 1);
    else entries[at] = [dice.oneIn(10) ? dice.pick(KEYS) : key, editOnce(present, dice)];
  }
  return Object.fromEntries(entries);
}

function leaf(dice: Dice): unknown {
  if (!dice.oneIn(12)) return dice.pick(LEAVES);
  let nested: unknown = "any_array";
  for (let depth = dice.below(DEPTH_MAX); depth > 0; depth--) {
    nested = dice.oneIn(2) ? { or: [nested] } : { and: depth > 4 ? [nested] : [nested, nested] };
  }
  return nested;
}
