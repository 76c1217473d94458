/** All kinds of steps, the frequent ones several times. */
import fc from "fast-check";
import { COMMITS } from "./commit-steps.ts";
import { EDITS } from "./edit-steps.ts";
import { FORKS } from "./fork-steps.ts";
import { REFS } from "./ref-steps.ts";
import { type Needs, numbers, type Run, Step } from "./step.ts";

const WEIGHTS: Readonly<Record<string, number>> = {
  "set-chunk": 12,
  "delete-chunk": 2,
  "set-array": 2,
  resize: 2,
  commit: 6,
  "solve-and-commit": 4,
  rebase: 3,
  fork: 4,
  "to-bytes": 3,
  "from-bytes": 2,
  "merge-bytes": 6,
  "merge-fork": 6,
  "open-session": 4,
};

const KINDS: readonly (readonly [Needs, Readonly<Record<string, Run>>])[] = [
  ["state", EDITS],
  ["session", COMMITS],
  ["state", FORKS],
  ["nothing", REFS],
];

const nothing = numbers.map(
  (given) => new Step("nothing", "nothing", given, async () => undefined),
);

/** A random step. The first kind does nothing: what a step shrinks to if it does not matter. */
export const steps: fc.Arbitrary<Step> = fc.oneof(
  { withCrossShrink: true },
  { weight: 1, arbitrary: nothing },
  ...KINDS.flatMap(([needs, runs]) =>
    Object.entries(runs).map(([kind, run]) => ({
      weight: WEIGHTS[kind] ?? 1,
      arbitrary: numbers.map((given) => new Step(kind, needs, given, run)),
    })),
  ),
);
