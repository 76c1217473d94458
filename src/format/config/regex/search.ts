/**
 * Searching with patterns of Rust's `regex` crate, in time linear in the text as the crate does.
 * JavaScript's own engine backtracks: a pattern that another client persisted could stop a writer
 * for ever. Here all ways through a pattern are followed at once.
 */
import { type CharacterTest, isWord } from "./class.ts";
import { parseRustRegex, type RegexAssertion, type RegexNode } from "./parse.ts";

/** Counted repetitions unfold; the crate bounds its programs too, at 10 MiB. */
const STATES_MAX = 10_000;

type State =
  | { readonly kind: "character"; readonly test: CharacterTest; readonly next: number }
  | { readonly kind: "assertion"; readonly assertion: RegexAssertion; readonly next: number }
  | { readonly kind: "fork"; readonly nexts: number[] };

/** The state that ends every program. */
const FOUND = 0;

/** Whether `pattern` is found anywhere in a text; `undefined`: the pattern is not valid. */
export function compileRustRegex(pattern: string): ((text: string) => boolean) | undefined {
  const node = parseRustRegex(pattern);
  if (node === undefined) return undefined;
  const states: State[] = [{ kind: "fork", nexts: [] }];
  const start = addStates(states, node, FOUND);
  return start === undefined ? undefined : (text) => isFound(states, start, text);
}

/** Adds what `node` does before `next`. The first state of it; `undefined`: too many. */
function addStates(states: State[], node: RegexNode, next: number): number | undefined {
  if (states.length >= STATES_MAX) return undefined;
  switch (node.kind) {
    case "character":
      return states.push({ kind: "character", test: node.test, next }) - 1;
    case "assertion":
      return states.push({ kind: "assertion", assertion: node.assertion, next }) - 1;
    case "sequence":
      return addAll(states, node.nodes, next);
    case "choice": {
      const nexts: number[] = [];
      for (const one of node.nodes) {
        const first = addStates(states, one, next);
        if (first === undefined) return undefined;
        nexts.push(first);
      }
      return states.push({ kind: "fork", nexts }) - 1;
    }
    default:
      return addRepeat(states, node, next);
  }
}

function addAll(states: State[], nodes: readonly RegexNode[], next: number): number | undefined {
  let first: number | undefined = next;
  for (let i = nodes.length - 1; i >= 0 && first !== undefined; i--) {
    first = addStates(states, nodes[i] as RegexNode, first);
  }
  return first;
}

function addRepeat(
  states: State[],
  { node, min, max }: Extract<RegexNode, { kind: "repeat" }>,
  next: number,
): number | undefined {
  let first: number | undefined = next;
  if (max === Number.POSITIVE_INFINITY) {
    const nexts = [next];
    const loop = states.push({ kind: "fork", nexts }) - 1;
    const body = addStates(states, node, loop);
    if (body === undefined) return undefined;
    nexts.push(body);
    first = loop;
  }
  const optional = max === Number.POSITIVE_INFINITY ? 0 : max - min;
  for (let i = 0; i < optional && first !== undefined; i++) {
    const body = addStates(states, node, first);
    first = body === undefined ? undefined : states.push({ kind: "fork", nexts: [next, body] }) - 1;
  }
  for (let i = 0; i < min && first !== undefined; i++) {
    // A body without states would else be counted for ever.
    const before = states.length;
    first = addStates(states, node, first);
    if (states.length === before) break;
  }
  return first;
}

function isFound(states: readonly State[], start: number, text: string): boolean {
  const characters = [...text];
  let active = new Set<number>();
  for (let at = 0; at <= characters.length; at++) {
    active.add(start);
    const reached = follow(states, active, characters, at);
    if (reached.has(FOUND)) return true;
    active = new Set();
    const character = characters[at];
    if (character === undefined) break;
    for (const index of reached) {
      const state = states[index] as State;
      if (state.kind === "character" && state.test(character)) active.add(state.next);
    }
  }
  return false;
}

/** All states that can be reached from `active` without reading on. */
function follow(
  states: readonly State[],
  active: ReadonlySet<number>,
  characters: readonly string[],
  at: number,
): Set<number> {
  const reached = new Set(active);
  // A set that grows while it is walked: new states are walked too, each once.
  for (const index of reached) {
    const state = states[index] as State;
    if (state.kind === "fork") for (const next of state.nexts) reached.add(next);
    if (state.kind === "assertion" && HOLDS[state.assertion](characters[at - 1], characters[at])) {
      reached.add(state.next);
    }
  }
  return reached;
}

/** Whether an assertion holds between two characters, of which one or both may belong to words. */
const HOLDS: Readonly<
  Record<RegexAssertion, (before: string | undefined, after: string | undefined) => boolean>
> = {
  "text-start": (before) => before === undefined,
  "text-end": (_, after) => after === undefined,
  "line-start": (before) => before === undefined || before === "\n",
  "line-end": (_, after) => after === undefined || after === "\n",
  "word-boundary": (before, after) => isInWord(before) !== isInWord(after),
  "no-word-boundary": (before, after) => isInWord(before) === isInWord(after),
  "word-start": (before, after) => !isInWord(before) && isInWord(after),
  "word-end": (before, after) => isInWord(before) && !isInWord(after),
  "no-word-before": (before) => !isInWord(before),
  "no-word-after": (_, after) => !isInWord(after),
};

function isInWord(character: string | undefined): boolean {
  return character !== undefined && isWord(character);
}
