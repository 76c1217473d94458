/**
 * Whose turn it is to commit to a branch, among the sessions of one process.
 *
 * Only an optimisation: of two commits to one branch that are under way, one is for nothing. The
 * conditional put alone decides what is published, and other processes know no turns. So nothing
 * depends on one: it ends with the commit, after a short rest, and after a while in any case. Who
 * has lost its turn commits like everybody else.
 *
 *   first attempt   waits a moment for the turn under way; then it is mostly void, and refused
 *                   before anything is written for it
 *   lost a race     queues in order of arrival, rebases when its turn comes, commits, ends it
 *
 * A turn rests while code of the user runs, which may take its time or commit something itself.
 */
import type { Engine } from "../../assets/engine.ts";
import type { RepoState } from "../../assets/repo-state.ts";
import { abortable, onAbort } from "../../base/on-abort.ts";
import { type Runtime, waitAtMost } from "../../base/runtime.ts";

/** How long a turn lasts without a rebase or commit. */
const REST_MS = 25;
/** How long a turn lasts while others wait, whatever it is used for. */
const TURN_MS = 10_000;
/** How long a first attempt waits for the turn under way. */
const MOMENT_MS = 2000;

/** What the holder of a turn tells of it; once it is over nothing changes that. */
export interface Turn {
  readonly isOver: boolean;
  /** The holder rebases or commits. */
  work(): void;
  /** The holder's user has the word. */
  rest(): void;
  /** The next goes on. */
  end(): void;
}

/** A turn and who waits for it. */
interface Line {
  turn: LineTurn;
  /** In order of arrival. */
  readonly queue: Set<(turn: LineTurn) => void>;
}

/** By branch, while it is somebody's turn. */
const linesOf = new WeakMap<RepoState, Map<string, Line>>();

class LineTurn implements Turn {
  isOver = false;
  readonly ended: Promise<void>;
  readonly #runtime: Runtime;
  readonly #onEnd: () => void;
  #resolve: () => void = ignore;
  #stopRest: () => void = ignore;
  #stopLimit: (() => void) | undefined;

  constructor(runtime: Runtime, onEnd: () => void) {
    this.#runtime = runtime;
    this.#onEnd = onEnd;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  work(): void {
    this.#stopRest();
  }

  rest(): void {
    this.#stopRest();
    if (!this.isOver) this.#stopRest = this.#endAfter(REST_MS);
  }

  /** Somebody waits for it. */
  limit(): void {
    this.#stopLimit ??= this.#endAfter(TURN_MS);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#stopRest();
    this.#stopLimit?.();
    this.#onEnd();
    this.#resolve();
  }

  #endAfter(milliseconds: number): () => void {
    const stop = new AbortController();
    this.#runtime.sleep(milliseconds, stop.signal).then(() => this.end(), ignore);
    return () => stop.abort();
  }
}

/** A session, or who will open one, as far as turns go. */
export interface TurnHolder {
  readonly engine: Engine;
  readonly branch: string | undefined;
  turn: Turn | undefined;
}

/** Whether it is a session's turn, be it this one, to commit to the branch. */
export function isTurnTaken({ engine, branch = "" }: TurnHolder): boolean {
  return linesOf.get(engine.repoState)?.has(branch) ?? false;
}

/** Goes on with the turn it has. False if it has none any more. */
export function resumeTurn({ turn }: TurnHolder): boolean {
  if (turn === undefined || turn.isOver) return false;
  turn.work();
  return true;
}

/** Waits for its turn, after all who queue already. Aborting leaves the queue at once. */
export async function queueForTurn(holder: TurnHolder, signal?: AbortSignal): Promise<void> {
  if (resumeTurn(holder)) return;
  const { engine, branch = "" } = holder;
  signal?.throwIfAborted();
  const line = linesOf.get(engine.repoState)?.get(branch);
  if (line === undefined) {
    holder.turn = startLine(engine, branch);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const take = (turn: LineTurn): void => {
      forget();
      holder.turn = turn;
      resolve();
    };
    const forget = onAbort(signal, () => {
      line.queue.delete(take);
      reject(signal?.reason);
    });
    line.queue.add(take);
    line.turn.limit();
  });
}

/**
 * Begins a first attempt. While it is another's turn it waits a moment, but does not queue: once
 * that one has committed, the attempt is void. It goes on without a turn if that is a third one's.
 */
export async function beginFirst(holder: TurnHolder, signal?: AbortSignal): Promise<void> {
  if (resumeTurn(holder)) return;
  const { engine, branch = "" } = holder;
  const line = linesOf.get(engine.repoState)?.get(branch);
  if (line !== undefined) {
    line.turn.limit();
    await abortable(waitAtMost(engine.runtime, MOMENT_MS, line.turn.ended), signal);
    if (isTurnTaken(holder)) return;
  }
  holder.turn = startLine(engine, branch);
}

function startLine({ repoState, runtime }: Engine, branch: string): Turn {
  const lines = linesOf.get(repoState) ?? new Map<string, Line>();
  linesOf.set(repoState, lines);
  const passOn = (): void => {
    const [next] = line.queue;
    if (next === undefined) {
      lines.delete(branch);
      return;
    }
    line.queue.delete(next);
    line.turn = new LineTurn(runtime, passOn);
    if (line.queue.size > 0) line.turn.limit();
    next(line.turn);
  };
  const line: Line = { turn: new LineTurn(runtime, passOn), queue: new Set() };
  lines.set(branch, line);
  return line.turn;
}

function ignore(): void {}
