/** What all steps of a random history have: each is done in the model and in earnest, and must come to the same. */
import fc from "fast-check";
import { expect } from "vitest";
import type { ForkSession, Session } from "../../../src/index.ts";
import type { ModelSolver } from "./commits.ts";
import type { Policy } from "./merges.ts";
import type { Model, ModelState } from "./model.ts";
import { contentOf, type Real } from "./real.ts";

const PATHS = ["/a", "/g/x", "/g", "/g/h", "/g/h/y", "/"] as const;
export const BRANCHES = ["main", "side", "other"] as const;
export const TAGS = ["one", "two"] as const;

/** The model of one run: the repository, and the states beside those of `Real`, by number. */
export interface World {
  readonly model: Model;
  readonly states: ModelState[];
  readonly bytes: ModelState[];
  /** How often each kind of step came to each outcome. */
  readonly counts: Map<string, number>;
  /** The steps so far, for whoever looks for the cause of a failure. */
  readonly trace: string[];
}

/** What the generator gives; a step uses what it needs of it. */
export interface Numbers {
  readonly who: number;
  readonly which: number;
  readonly path: number;
  readonly at: readonly [number, number];
  readonly size: readonly [number, number];
  readonly value: number;
  readonly isLarge: boolean;
  readonly policy: Policy;
  readonly solver: ModelSolver;
}

export const numbers: fc.Arbitrary<Numbers> = fc.record({
  who: fc.nat(59),
  which: fc.nat(59),
  path: fc.nat(59),
  at: fc.tuple(fc.nat(3), fc.nat(1)),
  size: fc.tuple(fc.nat(7), fc.integer({ min: 1, max: 4 })),
  value: fc.nat(3),
  isLarge: fc.boolean(),
  policy: fc.constantFrom("error", "error", "ours", "theirs"),
  solver: fc.oneof(
    fc.constant({ name: "detector" as const }),
    fc.record({
      name: fc.constant("basic" as const),
      onChunkConflict: fc.constantFrom("ours", "theirs", "fail"),
      failOnDeleteOfUpdatedArray: fc.boolean(),
      failOnDeleteOfUpdatedGroup: fc.boolean(),
    }),
  ),
});

/** Does a step on both sides; gives what it came to, or `undefined` if there was nothing to do it with. */
export type Run = (
  world: World,
  real: Real,
  numbers: Numbers,
  target: Target,
) => Promise<string | undefined>;

/** The state that a step is about, on both sides. */
export interface Target {
  readonly index: number;
  readonly state: ModelState;
  readonly real: Session | ForkSession;
}

export const keyOf = (path: string): string =>
  path === "/" ? "zarr.json" : `${path.slice(1)}/zarr.json`;
export const pathOf = ({ path }: Numbers): string => PATHS[path % PATHS.length] as string;
export const pick = <T>(items: readonly T[], number: number): T | undefined =>
  items[number % items.length];

/** What a step is done with: a session, a session or fork, or the repository. */
export type Needs = "session" | "state" | "nothing";

/** A step that fast-check runs and shrinks. */
export class Step implements fc.AsyncCommand<World, Real> {
  readonly kind: string;
  readonly numbers: Numbers;
  readonly #needs: Needs;
  readonly #run: Run;

  constructor(kind: string, needs: Needs, numbers: Numbers, run: Run) {
    this.kind = kind;
    this.numbers = numbers;
    this.#needs = needs;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  async run(world: World, real: Real): Promise<void> {
    const target = targetOf(this.#needs, world, real, this.numbers);
    if (target === undefined) return;
    const on = this.#needs === "nothing" ? "" : ` on ${target.state.kind} ${target.index}`;
    const at = world.trace.push(`${this}${on}`) - 1;
    const outcome = await this.#run(world, real, this.numbers, target);
    if (outcome === undefined) {
      world.trace.pop();
      return;
    }
    world.trace[at] += ` -> ${outcome}`;
    const name = `${this.kind}: ${outcome}`;
    world.counts.set(name, (world.counts.get(name) ?? 0) + 1);
    await expectSame(world, target);
  }

  toString(): string {
    const { who, which, at, size, value, isLarge, policy, solver } = this.numbers;
    const rest = `at ${at} size ${size} value ${value}${isLarge ? " large" : ""} ${policy}`;
    return this.kind === "nothing"
      ? ""
      : `${this.kind}(${who}, ${which}, ${pathOf(this.numbers)}, ${rest}, ${JSON.stringify(solver)})`;
  }
}

function targetOf(needs: Needs, world: World, real: Real, { who }: Numbers): Target | undefined {
  // Committed sessions refuse everything: now and then is enough.
  const isFinishedWanted = who % 15 === 0;
  const fits = (state: ModelState): boolean =>
    needs === "nothing" ||
    (state.isFinished === isFinishedWanted && (needs === "state" || state.kind === "session"));
  const candidates = world.states.flatMap((state, index) => (fits(state) ? [index] : []));
  const index = pick(candidates, who);
  if (index === undefined) return undefined;
  return { index, state: world.states[index] as ModelState, real: real.states[index] as Session };
}

/** What the store shows, and whether there is anything to commit. */
async function expectSame({ model }: World, { state, real }: Target): Promise<void> {
  expect(await contentOf(real)).toEqual(model.content(state));
  expect(real.hasUncommittedChanges).toBe(model.hasChanges(state));
  expect(real.snapshotId).toBe(state.base);
}
