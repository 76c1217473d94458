/** Steps that fork, send forks away as bytes, and merge them. */
import { expect } from "vitest";
import { ForkSession, type Session } from "../../../src/index.ts";
import { copyOfFork, forkOf, merge } from "./merges.ts";
import type { ModelState } from "./model.ts";
import { outcomeOf, type Real } from "./real.ts";
import { pick, type Run, type Target, type World } from "./step.ts";

const STATES_MAX = 8;
const BYTES_MAX = 4;

/** Puts a state on both sides; finished ones make room first. */
export function addState(
  world: World,
  real: Real,
  state: ModelState,
  session: Session | ForkSession,
): void {
  if (world.states.length < STATES_MAX) {
    world.states.push(state);
    real.states.push(session);
    return;
  }
  const finished = world.states.findIndex((one) => one.isFinished);
  const at = finished < 0 ? world.states.length - 1 : finished;
  world.states[at] = state;
  real.states[at] = session;
}

/** Numbers of forks to merge: mostly those of the receiver's base that have changed something. */
function suitable(
  forks: readonly ModelState[],
  isWanted: (fork: ModelState, index: number) => boolean,
  { state }: Target,
  which: number,
): number[] {
  const all = forks.flatMap((fork, index) => (isWanted(fork, index) ? [index] : []));
  const best = all.filter((index) => {
    const { base, own } = forks[index] as ModelState;
    return base === state.base && own.nodes.size + own.chunks.size > 0;
  });
  return best.length > 0 && which % 8 > 0 ? best : all;
}

/** By name. */
export const FORKS: Record<string, Run> = {
  async fork(world, real, _, target) {
    if (target.state.isFinished) return undefined;
    addState(world, real, forkOf(target.state), target.real.fork());
    return "ok";
  },
  async "to-bytes"(world, real, { which }, { state, real: fork }) {
    if (!(fork instanceof ForkSession)) return undefined;
    const at = world.bytes.length < BYTES_MAX ? world.bytes.length : which % BYTES_MAX;
    world.bytes[at] = copyOfFork(state);
    real.bytes[at] = fork.toBytes();
    return "ok";
  },
  async "from-bytes"(world, real, { which }) {
    const bytes = pick(world.bytes, which);
    const realBytes = pick(real.bytes, which);
    if (bytes === undefined || realBytes === undefined) return undefined;
    addState(world, real, copyOfFork(bytes), await real.openFork(realBytes));
    return "ok";
  },
  async "merge-fork"(world, real, { which, policy }, target) {
    const isWanted = (state: ModelState, index: number): boolean =>
      state.kind === "fork" && index !== target.index;
    const index = pick(suitable(world.states, isWanted, target, which), which);
    if (index === undefined || target.state.isFinished) return undefined;
    const expected = merge(world.model, target.state, [world.states[index] as ModelState], policy);
    const found = await outcomeOf(
      target.real.merge(real.states[index] as ForkSession, { onOverlap: policy }),
    );
    expect(found.kind).toBe(expected);
    return expected;
  },
  async "merge-bytes"(world, real, { which, at, policy }, target) {
    if (world.bytes.length === 0 || target.state.isFinished) return undefined;
    const candidates = suitable(world.bytes, () => true, target, which);
    const chosen = [which, which + at[0]]
      .slice(0, 1 + at[1])
      .map((number) => pick(candidates, number) as number);
    const forks = chosen.map((index) => world.bytes[index] as ModelState);
    const expected = merge(world.model, target.state, forks, policy);
    const inputs = chosen.map((index) => real.bytes[index] as Uint8Array);
    const found = await outcomeOf(target.real.merge(inputs, { onOverlap: policy }));
    expect(found.kind).toBe(expected);
    return expected;
  },
};
