/** Whose turn it is to commit: fair to those who lost, and nothing depends on it. */
import { describe, expect, test } from "vitest";
import { systemRuntime } from "../../../../src/base/runtime.ts";
import { memoryStorage, Repository, type Session } from "../../../../src/index.ts";
import { countingStorage, simulatedRuntime } from "../../../../src/testing/index.ts";
import { chunk, kindOf, rejection, repositoryWithArray } from "../fixture.ts";
import { type HeldStorage, heldStorage } from "../held-storage.ts";

/** Sessions of one repository, each with a chunk of its own. */
async function sessionsOf(repository: Repository, count: number): Promise<Session[]> {
  const sessions: Session[] = [];
  for (let at = 0; at < count; at++) {
    const session = await repository.writableSession("main");
    await session.store.set(`a/c/${at}`, chunk(1, at));
    sessions.push(session);
  }
  return sessions;
}

interface BehindGate {
  readonly gate: HeldStorage;
  readonly repository: Repository;
  readonly sessions: Session[];
  /** Milliseconds of the virtual clock. */
  nowMs(): number;
}

/** The same on a virtual clock, behind a gate. */
async function behindGate(count: number): Promise<BehindGate> {
  const storage = memoryStorage();
  await repositoryWithArray(storage);
  const gate = heldStorage(storage);
  const runtime = simulatedRuntime({ startMicros: systemRuntime().nowMicros() });
  const repository = await Repository.open(gate.storage, { runtime });
  const sessions = await sessionsOf(repository, count);
  return { gate, repository, sessions, nowMs: () => runtime.nowMicros() / 1000 };
}

/** As users do it by hand; resolves to the number of lost races. */
async function land(session: Session, message: string): Promise<number> {
  for (let lost = 0; ; lost++) {
    try {
      await session.commit(message);
      return lost;
    } catch (error) {
      expect(error).toMatchObject({ kind: "commit-conflict" });
    }
    await session.rebase();
  }
}

/** Sessions of which all but the first have lost to it. */
async function losers(sessions: readonly Session[]): Promise<Session[]> {
  const [first, ...others] = sessions;
  await first?.commit("first");
  for (const other of others) expect(await kindOf(other.commit("lost"))).toBe("commit-conflict");
  return others;
}

const messagesOf = async (repository: Repository): Promise<string[]> =>
  (await repository.ancestry("main").toArray()).map(({ message }) => message).reverse();

describe("sessions that lost a race and rebase", () => {
  test("commit in the order in which they rebased, and lose no more", async () => {
    const { repository } = await repositoryWithArray();
    const sessions = await losers(await sessionsOf(repository, 6));

    const commits = sessions.map(async (session, at) => {
      await session.rebase();
      await session.commit(`number ${at}`);
    });
    await Promise.all(commits);

    expect((await messagesOf(repository)).slice(3)).toEqual(
      [0, 1, 2, 3, 4].map((n) => `number ${n}`),
    );
  });

  test("lose once each at most, and write one manifest each, however many there are", async () => {
    const storage = countingStorage(memoryStorage());
    const { repository } = await repositoryWithArray(storage);
    const sessions = await sessionsOf(repository, 8);
    const before = storage.byOperation.put.requests;

    const lost = await Promise.all(sessions.map((session, at) => land(session, `number ${at}`)));

    expect(Math.max(...lost)).toBe(1);
    // A manifest, a snapshot, a log and `repo`.
    expect(storage.byOperation.put.requests - before).toBe(8 * 4);
  });

  test("go before those who come later", async () => {
    const { gate, sessions } = await behindGate(4);
    const [, second, third, fourth] = sessions as [Session, Session, Session, Session];
    await losers([sessions[0] as Session, second, third]);
    await second.rebase();
    gate.holds = ({ path }) => path.startsWith("manifests/");
    const landing = second.commit("second");
    await gate.next();
    const order: string[] = [];
    const note = (name: string) => () => order.push(name);
    const thirds = land(third, "third").then(note("third"));
    const fourths = land(fourth, "fourth").then(note("fourth"));
    gate.releaseAll();

    await Promise.all([landing, thirds, fourths]);

    expect(order).toEqual(["third", "fourth"]);
  });

  test("keep their turn when a writer elsewhere was faster", async () => {
    const storage = memoryStorage();
    const { repository } = await repositoryWithArray(storage);
    const elsewhere = await Repository.open(storage);
    const [second, third] = (await losers(await sessionsOf(repository, 3))) as [Session, Session];
    await second.rebase();
    const queued = third.rebase().then(() => third.commit("third"));
    const [theirs] = (await sessionsOf(elsewhere, 8)).slice(7) as [Session];
    await theirs.commit("theirs");

    expect(await kindOf(second.commit("lost"))).toBe("commit-conflict");
    await second.rebase();
    await second.commit("second");
    await queued;

    expect((await messagesOf(repository)).slice(3)).toEqual(["theirs", "second", "third"]);
  });
});

describe("a turn ends", () => {
  test("if its session rests, so that who forgets to commit holds up nobody", async () => {
    const { sessions, nowMs } = await behindGate(3);
    const [second, third] = (await losers(sessions)) as [Session, Session];
    await second.rebase();
    const beganMs = nowMs();

    await third.rebase();
    await third.commit("third");

    expect(nowMs() - beganMs).toBeLessThan(1000);
    expect(await kindOf(second.commit("too late"))).toBe("commit-conflict");
  });

  test("if its session waits for another one's commit before its own", async () => {
    const { sessions } = await behindGate(3);
    const [second, third] = (await losers(sessions)) as [Session, Session];
    await second.rebase();

    await land(third, "third");

    expect(await land(second, "second")).toBe(1);
  });

  test("if its commit is stuck, for those who queue and for first attempts", async () => {
    const { gate, repository, sessions } = await behindGate(3);
    const [second, third] = (await losers(sessions)) as [Session, Session];
    const [fresh] = (await sessionsOf(repository, 8)).slice(7) as [Session];
    await second.rebase();
    gate.holds = ({ path, operation }) => operation === "put" && path.startsWith("manifests/");
    const stuck = second.commit("stuck");
    await gate.next();
    gate.holds = () => false;

    expect(await land(fresh, "fresh")).toBe(0);
    await third.rebase();
    await third.commit("third");

    gate.releaseAll();
    expect(await kindOf(stuck)).toBe("commit-conflict");
  });

  test("if its commit fails for another reason", async () => {
    const { gate, sessions } = await behindGate(3);
    const [second, third] = (await losers(sessions)) as [Session, Session];
    const abort = new AbortController();
    await second.rebase();
    gate.holds = ({ path }) => path.startsWith("manifests/");
    const failing = second.commit("fails", { signal: abort.signal });
    await gate.next();
    const queued = third.rebase();
    abort.abort("no");
    gate.releaseAll();

    await expect(failing).rejects.toBe("no");
    await queued;
    await third.commit("third");
  });

  test("while a solver of the user's takes its time, which may commit something itself", async () => {
    const { gate, sessions } = await behindGate(3);
    const [first, second, third] = sessions as [Session, Session, Session];
    gate.releaseAll();
    await second.store.set("a/c/0", chunk(1, 9));
    await first.commit("first");
    expect(await kindOf(second.commit("lost"))).toBe("commit-conflict");

    await second.rebase(async (): Promise<"ours"> => {
      if (third.hasUncommittedChanges) await land(third, "third");
      return "ours";
    });

    expect(await land(second, "second")).toBe(1);
  });
});

test("an abort leaves the queue at once, and the others go on in their order", async () => {
  const { gate, sessions, nowMs } = await behindGate(4);
  const [second, third, fourth] = (await losers(sessions)) as [Session, Session, Session];
  await second.rebase();
  gate.holds = ({ path }) => path.startsWith("manifests/");
  const landing = second.commit("second");
  await gate.next();
  const beganMs = nowMs();
  const abort = new AbortController();
  const leaving = rejection(third.rebase(undefined, { signal: abort.signal }));
  const queued = fourth.rebase();
  for (let tick = 0; tick < 20; tick++) await undefined; // Both are in the queue.

  abort.abort(new Error("enough"));

  expect((await leaving).message).toBe("enough");
  gate.releaseAll();
  await landing;
  await queued;
  expect(nowMs() - beganMs).toBeLessThan(1000);
  expect(await land(third, "third")).toBe(1);
  expect(await land(fourth, "fourth")).toBe(1);
});

describe("a commit that is certain to lose", () => {
  test("is refused before anything is written, in the words of any other", async () => {
    const storage = countingStorage(memoryStorage());
    const { repository } = await repositoryWithArray(storage);
    const elsewhere = await Repository.open(storage);
    const [winner, loser] = (await sessionsOf(repository, 2)) as [Session, Session];
    const [unaware] = (await sessionsOf(elsewhere, 1)) as [Session];
    await winner.commit("winner");
    const before = storage.byOperation.put.requests;

    const early = await rejection(loser.commit("early"));

    expect(storage.byOperation.put.requests).toBe(before);
    const late = await rejection(unaware.commit("late"));
    expect(storage.byOperation.put.requests).toBeGreaterThan(before);
    expect({ ...early.details, message: early.message }).toEqual({
      ...late.details,
      message: late.message,
    });
  });

  test("is not refused for a state that is old: the branch may be back", async () => {
    const storage = memoryStorage();
    const { repository } = await repositoryWithArray(storage);
    const elsewhere = await Repository.open(storage);
    const [winner, other] = (await sessionsOf(repository, 2)) as [Session, Session];
    const before = other.snapshotId;
    await winner.commit("winner");
    await elsewhere.resetBranch("main", before);

    await other.commit("other");

    expect((await messagesOf(repository)).at(-1)).toBe("other");
  });
});

test("a transaction that runs again after a lost race has the next turn", async () => {
  const { repository } = await repositoryWithArray();
  let runs = 0;
  const write = async (session: Session): Promise<void> => {
    runs++;
    await session.store.set(`a/c/${runs % 8}`, chunk(1, runs));
  };

  await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      repository.transaction("main", write, { message: `${at}` }),
    ),
  );

  expect(runs).toBeLessThanOrEqual(2 * 8);
});
