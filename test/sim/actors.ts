/** Who works on the repository at once; each a program that may die at any request. */
import { isIcefloeError } from "../../src/base/errors.ts";
import {
  basicConflictSolver,
  ForkSession,
  Repository,
  type Session,
  type Store,
} from "../../src/index.ts";
import type { Dice } from "../fuzz/dice.ts";
import { type Auditor, type Content, contentOf, demand } from "./auditor.ts";
import type { Process } from "./network.ts";

/** What an actor works with: a life of it, until it dies. */
export interface Life {
  readonly process: Process;
  readonly auditor: Auditor;
  readonly dice: Dice;
  /** A message that nobody has used. */
  readonly message: string;
  /** Starts another process, such as a worker. */
  startProcess(name: string): Process;
}

/** One round of an actor's work. */
export type Round = (life: Life) => Promise<void>;

const TRIES_MAX = 12;
const PAUSE_MS = 300;
const SHARED_KEY = "a/c/0";

const isPassing = (error: unknown): boolean =>
  isIcefloeError(error, "object-store", "unknown-outcome", "update-attempts-exhausted");

/** Repeats what may be repeated. */
async function patiently<T>({ process }: Life, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || attempt >= TRIES_MAX) throw error;
      await process.runtime.sleep(PAUSE_MS * attempt);
    }
  }
}

const openRepository = (life: Life): Promise<Repository> => {
  const { storage, runtime } = life.process;
  return patiently(life, () => Repository.open(storage, { runtime }));
};

async function write(store: Store, writes: Content, life: Life): Promise<void> {
  for (const [key, value] of Object.entries(writes)) {
    await patiently(life, () => store.set(key, new TextEncoder().encode(value)));
  }
}

type Ending = (session: Session) => Promise<string>;

/**
 * Commits until it is clear what became of it: the very same session again, for only it knows
 * what it has tried. Lost races are for `onRace`.
 */
async function publish(
  life: Life,
  session: Session,
  end: Ending,
  onRace: (session: Session) => Promise<boolean>,
): Promise<void> {
  const { auditor, message, process } = life;
  let wasUnknown = false;
  for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
    try {
      const id = await end(session);
      auditor.settle(message, "acknowledged", id);
      return;
    } catch (error) {
      if (isIcefloeError(error, "unknown-outcome")) wasUnknown = true;
      const isLost = isIcefloeError(error) && error.category === "conflict";
      if (isLost && !isIcefloeError(error, "update-attempts-exhausted")) {
        if (!(await patiently(life, () => onRace(session)))) break;
        continue;
      }
      if (!isPassing(error)) throw error;
      await process.runtime.sleep(PAUSE_MS * attempt);
    }
  }
  auditor.settle(message, wasUnknown ? "unknown" : "failed");
}

/** Writes a chunk of its own, now and then the shared one, and commits in one of three ways. */
export function committer(branch: string, ownKeys: readonly string[]): Round {
  return async (life) => {
    const { auditor, dice, message } = life;
    const value = `${message} ${"x".repeat(dice.below(12))}`;
    const writes: Record<string, string> = { [dice.pick(ownKeys)]: value };
    const isShared = dice.oneIn(3);
    if (isShared) writes[SHARED_KEY] = `shared ${value}`;
    auditor.intend({ message, branch, mode: "commit", writes });
    const repository = await openRepository(life);
    if (isShared || dice.oneIn(3)) {
      await commitWithSolver(life, repository, branch, writes);
    } else if (dice.oneIn(2)) await commitAndRebase(life, repository, branch, writes);
    else await commitInTransaction(life, repository, branch, writes);
  };
}

async function commitWithSolver(
  life: Life,
  repository: Repository,
  branch: string,
  writes: Content,
): Promise<void> {
  const session = await patiently(life, () => repository.writableSession(branch));
  await write(session.store, writes, life);
  const solver = basicConflictSolver({ onChunkConflict: "ours" });
  const end: Ending = (one) => one.commit(life.message, { solver });
  await publish(life, session, end, async () => false);
}

async function commitAndRebase(
  life: Life,
  repository: Repository,
  branch: string,
  writes: Content,
): Promise<void> {
  const session = await patiently(life, () => repository.writableSession(branch));
  await write(session.store, writes, life);
  const rebase = async (one: Session): Promise<boolean> => {
    try {
      await one.rebase(basicConflictSolver());
      return true;
    } catch (error) {
      if (isIcefloeError(error, "base-not-in-ancestry")) return false;
      throw error;
    }
  };
  await publish(life, session, (one) => one.commit(life.message), rebase);
}

/** A lost race runs `write` again. After an unknown outcome nobody can go on: the session is gone. */
async function commitInTransaction(
  life: Life,
  repository: Repository,
  branch: string,
  writes: Content,
): Promise<void> {
  const { auditor, message } = life;
  const work = (session: Session): Promise<void> => write(session.store, writes, life);
  try {
    const id = await repository.transaction(branch, work, { message });
    auditor.settle(message, "acknowledged", id);
  } catch (error) {
    if (!isPassing(error)) throw error;
    const isUnknown = isIcefloeError(error, "unknown-outcome");
    auditor.settle(message, isUnknown ? "unknown" : "failed");
  }
}

/** Sends two forks to workers of their own, merges what comes back, commits. */
export function forker(branch: string, ownKeys: readonly string[]): Round {
  return async (life) => {
    const { auditor, dice, message } = life;
    const repository = await openRepository(life);
    const session = await patiently(life, () => repository.writableSession(branch));
    const writes: Record<string, string> = {};
    const bytes = session.fork().toBytes();
    const results: Uint8Array[] = [];
    for (const [index, key] of [...ownKeys].slice(0, 2).entries()) {
      const value = `${message} of worker ${index} ${"y".repeat(dice.below(9))}`;
      writes[key] = value;
      const worker = life.startProcess(`worker-of-${life.process.name}`);
      results.push(await Promise.race([work(life, worker, bytes, { [key]: value }), worker.death]));
    }
    auditor.intend({ message, branch, mode: "commit", writes });
    await patiently(life, () => session.merge(dice.oneIn(2) ? results : [...results, ...results]));
    const solver = basicConflictSolver({ onChunkConflict: "ours" });
    await publish(
      life,
      session,
      (one) => one.commit(message, { solver }),
      async () => false,
    );
  };
}

async function work(
  life: Life,
  { storage, runtime }: Process,
  bytes: Uint8Array,
  writes: Content,
): Promise<Uint8Array> {
  const fork = await patiently(life, () => ForkSession.fromBytes(bytes, { storage, runtime }));
  await write(fork.store, writes, life);
  return fork.toBytes();
}

/** Replaces the tip by a commit with one chunk more. */
export function amender(branch: string, ownKeys: readonly string[]): Round {
  return async (life) => {
    const { auditor, dice, message } = life;
    const writes = { [dice.pick(ownKeys)]: `${message} amends` };
    auditor.intend({ message, branch, mode: "amend", writes });
    const repository = await openRepository(life);
    const session = await patiently(life, () => repository.writableSession(branch));
    await write(session.store, writes, life);
    await publish(
      life,
      session,
      (one) => one.amend(message),
      async () => false,
    );
  };
}

/** Moves a branch back, if nobody was faster. */
export function resetter(branch: string): Round {
  return async (life) => {
    const { auditor, dice } = life;
    const repository = await openRepository(life);
    const history = await patiently(life, () => repository.ancestry(branch).toArray());
    const [tip] = history;
    if (tip === undefined || history.length < 4) return;
    const { id } = dice.pick(history.slice(1, 3));
    auditor.allowReset(branch);
    try {
      await patiently(life, () => repository.resetBranch(branch, id, { from: tip.id }));
    } catch (error) {
      if (!isIcefloeError(error, "branch-update-conflict") && !isPassing(error)) throw error;
    }
  };
}

/** Makes tags, and deletes some of them again. */
export const tagger: Round = async (life) => {
  const { dice, message } = life;
  const repository = await openRepository(life);
  const id = await patiently(life, () => repository.lookupBranch("main"));
  const refusals = ["tag-already-exists", "tag-previously-deleted", "tag-not-found"] as const;
  const tolerant = async (work: () => Promise<void>): Promise<void> => {
    try {
      await patiently(life, work);
    } catch (error) {
      // A second try after a lost reply finds the first one's work done.
      if (!isPassing(error) && !isIcefloeError(error, ...refusals)) throw error;
    }
  };
  await tolerant(() => repository.createTag(message, id));
  if (dice.oneIn(3)) await tolerant(() => repository.deleteTag(message));
};

/** Reads versions: they are what they were when they were published. */
export const reader: Round = async (life) => {
  const { auditor, dice, process } = life;
  const repository = await openRepository(life);
  for (let reads = 0; reads < 3; reads++) {
    const branch = dice.pick(["main", "side"]);
    const session = await patiently(life, () => repository.readonlySession(branch));
    const content = await patiently(life, () => contentOf(session.store));
    const published = auditor.contentOf(session.snapshotId);
    demand(published !== undefined, `${process.name} sees ${session.snapshotId}, never published`);
    demand(
      JSON.stringify(sorted(content)) === JSON.stringify(sorted(published)),
      `${process.name} reads another version ${session.snapshotId} than was published`,
    );
    await process.runtime.sleep(PAUSE_MS);
  }
};

const sorted = (content: Content): [string, string][] =>
  Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1));
