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
import type { Runtime } from "../../base/runtime.ts";

/** How long a turn lasts without a rebase or commit. */
const REST_MS = 25;
/** How often the turns that others wait for are looked at. */
const LOOK_MS = 2000;
/** Looks that find one turn, after which first attempts wait for it no longer. */
const LOOKS_OF_FIRST = 1;
/** The same for those who queue: then it ends. */
const LOOKS_MAX = 5;

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
  /** Ends the looks at its turns, which begin when somebody waits. */
  looks: AbortController | undefined;
}

/** By branch, while it is somebody's turn. */
const linesOf = new WeakMap<RepoState, Map<string, Line>>();

class LineTurn implements Turn {
  isOver = false;
  /** Resolves when it is over, or has lasted a while. */
  readonly awaited: Promise<void>;
  readonly #runtime: Runtime;
  readonly #onEnd: () => void;
  #release: () => void = ignore;
  /** Changes when a rest begins or ends. */
  #rests = 0;
  #looks = 0;

  constructor(runtime: Runtime, onEnd: () => void) {
    this.#runtime = runtime;
    this.#onEnd = onEnd;
    this.awaited = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  work(): void {
    this.#rests++;
  }

  rest(): void {
    if (this.isOver) return;
    const rest = ++this.#rests;
    const stop = (): void => {
      if (this.#rests === rest) this.end();
    };
    // So short that it may run out when the rest is over.
    this.#runtime.sleep(REST_MS).then(stop, stop);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#onEnd();
    this.#release();
  }

  /** Found once more. */
  look(): void {
    this.#looks++;
    if (this.#looks > LOOKS_OF_FIRST) this.#release();
    if (this.#looks > LOOKS_MAX) this.end();
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
    beginLooks(line, engine.runtime);
  });
}

/**
 * Begins a first attempt. While it is another's turn it waits a moment, but does not queue: once
 * that one has committed, the attempt is void. It goes on without a turn if that is a third one's.
 * `undefined`: it has not waited.
 */
export function beginFirst(holder: TurnHolder, signal?: AbortSignal): Promise<void> | undefined {
  if (resumeTurn(holder)) return undefined;
  const { engine, branch = "" } = holder;
  const line = linesOf.get(engine.repoState)?.get(branch);
  if (line !== undefined) return beginAfter(line, holder, signal);
  holder.turn = startLine(engine, branch);
  return undefined;
}

async function beginAfter(
  line: Line,
  holder: TurnHolder,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { engine, branch = "" } = holder;
  beginLooks(line, engine.runtime);
  await abortable(line.turn.awaited, signal);
  if (!isTurnTaken(holder)) holder.turn = startLine(engine, branch);
}

function startLine({ repoState, runtime }: Engine, branch: string): Turn {
  const lines = linesOf.get(repoState) ?? new Map<string, Line>();
  linesOf.set(repoState, lines);
  const passOn = (): void => {
    const [next] = line.queue;
    if (next === undefined) {
      lines.delete(branch);
      line.looks?.abort();
      return;
    }
    line.queue.delete(next);
    line.turn = new LineTurn(runtime, passOn);
    next(line.turn);
  };
  const turn = new LineTurn(runtime, passOn);
  const line: Line = { turn, queue: new Set(), looks: undefined };
  lines.set(branch, line);
  return turn;
}

/** From now on until the line is empty: a timer for all its turns, which mostly are short. */
function beginLooks(line: Line, runtime: Runtime): void {
  if (line.looks !== undefined) return;
  line.looks = new AbortController();
  const { signal } = line.looks;
  const look = (): void => {
    line.turn.look();
    next();
  };
  const next = (): void => {
    if (!signal.aborted) runtime.sleep(LOOK_MS, signal).then(look, ignore);
  };
  next();
}

function ignore(): void {}
