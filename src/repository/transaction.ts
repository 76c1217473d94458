/**
 * `transaction`: open a session, run the user's write, commit; and again if another writer was
 * faster. Two ways to go on after a lost race: move the changes onto the new tip (`rebase`), or
 * run the write once more on a fresh session (`rerun`).
 */

import type { Engine } from "../assets/engine.ts";
import { isIcefloeError, makeError } from "../base/errors.ts";
import { lazyPart } from "../base/lazy-part.ts";
import { abortable } from "../base/on-abort.ts";
import {
  abortSignal,
  anything,
  checkOption,
  checkOptions,
  describe,
  functionKind,
  type OptionKinds,
  oneOf,
  positiveInteger,
} from "../base/options.ts";
import { randomFraction } from "../base/runtime.ts";
import { copyCommitMetadata, wellFormedText } from "../session/commit/metadata.ts";
import type { ConflictSolver } from "../session/rebase/conflict.ts";
import { conflictDetector } from "../session/rebase/solvers.ts";
import type { Session } from "../session/session.ts";
import { closeSession, mustGetState } from "../session/state/access.ts";
import type { TurnHolder } from "../session/state/turn.ts";

const loadWriteHalf = /* @__PURE__ */ lazyPart(() => import("../session/write-half.ts"));

/** Tries of a transaction unless told otherwise; the official engine rebases as often. */
const TRANSACTION_ATTEMPTS_MAX = 1000;

/** Longest pause after a lost race, as a multiple of how long the lost try took. */
const PAUSE_PER_TRY = 4;

/** Longest pause after a lost race, however slow the storage. */
const PAUSE_MAX_MS = 2000;

/** Options of a transaction. */
export interface TransactionOptions {
  readonly message: string;
  /** JSON values by name; merged over the repository's default commit metadata. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Decides conflicts of a rebase. */
  readonly solver?: ConflictSolver | undefined;
  /**
   * What to do after a lost race. `rebase` (default with a solver; without one every conflict is
   * refused) keeps what was written and moves it onto the branch's new tip. `rerun` (default
   * otherwise) drops it and runs `write` again on a fresh session at that tip; `write` must
   * therefore be idempotent. It takes no solver.
   */
  readonly retry?: "rebase" | "rerun" | undefined;
  /** How often to try; default 1000. */
  readonly attemptsMax?: number | undefined;
  /** Rejects until the commit's put is sent; from then on abort is ignored. */
  readonly signal?: AbortSignal | undefined;
}

/** What a transaction works with. */
interface TransactionContext {
  readonly engine: Engine;
  readonly branch: string;
  openSession(): Promise<Session>;
  currentTip(): Promise<string>;
}

const KNOWN: OptionKinds = {
  message: anything,
  metadata: anything,
  solver: functionKind,
  retry: oneOf(["rebase", "rerun"]),
  attemptsMax: positiveInteger,
  signal: abortSignal,
};

/** A rerun asks no solver. */
function notWithRerun(solver: unknown): string | undefined {
  return solver === undefined ? undefined : 'goes with retry "rebase" only: a rerun asks no solver';
}

/** Checks the options of a transaction. @throws {invalid-option} */
export function checkTransactionOptions(write: unknown, options: TransactionOptions): void {
  checkOptions("transaction", options, KNOWN);
  checkOption("transaction", "write", write, functionKind);
  checkOption("transaction", "message", options?.message, wellFormedText);
  if (options.retry === "rerun") checkOption("transaction", "solver", options.solver, notWithRerun);
  copyCommitMetadata("transaction", "metadata", options?.metadata);
}

/**
 * Runs a transaction; resolves to the id of its commit, or of the tip if `write` changed nothing.
 * @throws {update-attempts-exhausted} every try lost its race (`rerun`)
 * @throws {writes-in-flight} `write` has not waited for all its writes
 */
export async function runTransaction(
  context: TransactionContext,
  write: (session: Session) => Promise<unknown>,
  options: TransactionOptions,
): Promise<string> {
  const { message, metadata, signal, attemptsMax = TRANSACTION_ATTEMPTS_MAX } = options;
  const retry = options.retry ?? (options.solver === undefined ? "rerun" : "rebase");
  const rebase =
    retry === "rebase" ? { solver: options.solver ?? conflictDetector(), attemptsMax } : {};
  const { engine, branch } = context;
  const { runtime } = engine;
  const holder: TurnHolder = { engine, branch, turn: undefined };
  let lost: unknown;
  let tryMs = 0;
  for (let losses = 0; losses < attemptsMax; losses++) {
    signal?.throwIfAborted();
    if (losses > 0) await waitForTurn(holder, losses, tryMs, signal);
    const beganMicros = runtime.nowMicros();
    const session = await context.openSession();
    const state = mustGetState(session);
    state.turn = holder.turn;
    let hasForgotten = false;
    try {
      const writing = runWrite(write, session);
      await abortable(writing, signal);
      if (session.readOnly) return context.currentTip(); // `write` has committed by itself.
      const { WRITE_HALF } = await loadWriteHalf(); // The session has loaded it.
      await WRITE_HALF.endWork(session, "transaction", signal);
      return await session.commit(message, { metadata, signal, ...rebase });
    } catch (error) {
      hasForgotten = isIcefloeError(error, "writes-in-flight");
      if (isIcefloeError(error, "no-changes-to-commit")) return context.currentTip();
      if (retry === "rebase" || !isIcefloeError(error, "commit-conflict")) throw error;
      lost = error;
    } finally {
      // What is written later must not vanish; what was forgotten has its error already.
      if (!hasForgotten) closeSession(session, "the transaction");
      holder.turn = state.turn;
    }
    tryMs = Math.max(0, runtime.nowMicros() - beganMicros) / 1000;
  }
  throw makeError("update-attempts-exhausted", `transaction: lost ${attemptsMax} races`, {
    details: { attempts: attemptsMax },
    cause: lost,
  });
}

async function runWrite(
  write: (session: Session) => Promise<unknown>,
  session: Session,
): Promise<void> {
  const result: unknown = write(session);
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== "function") {
    throw makeError(
      "invalid-option",
      `transaction: write must return a promise, got ${describe(result)}: is an await or return missing?`,
      { details: { operation: "transaction", option: "write" } },
    );
  }
  await (result as PromiseLike<unknown>);
}

/**
 * Waits a random while, for writers of other processes: measured by how long the try took, and
 * shorter with every lost race, so that who lost often comes before fresh writers. One of those
 * that race always wins, so short pauses waste work, not progress. Then waits for its turn, which
 * lasts if `write` is quick.
 */
async function waitForTurn(
  holder: TurnHolder,
  losses: number,
  tryMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { runtime } = holder.engine;
  const ceilingMs = Math.min(PAUSE_MAX_MS, tryMs * PAUSE_PER_TRY) / losses;
  await runtime.sleep(randomFraction(runtime) * ceilingMs, signal);
  const { WRITE_HALF } = await loadWriteHalf();
  await WRITE_HALF.queueForTurn(holder, signal);
  holder.turn?.rest();
}
