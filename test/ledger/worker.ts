/**
 * One writer process: commits its share, acknowledging each in its log, until it is done or
 * killed. Started again it goes on after its last acknowledgement. Announces every storage write
 * on stdout, so that the driver can kill it inside a commit. A commit that fails because of the
 * storage is begun again.
 *
 * Arguments: the storage's address as JSON, log file, writer, commits.
 */
import { writeSync } from "node:fs";
import { basicConflictSolver, isIcefloeError, Repository } from "icefloe";
import type { Storage } from "icefloe/storage";
import { acknowledgedIn, LedgerLog } from "./log.ts";
import { ledgerBytes, ledgerKey, ledgerMessage } from "./plan.ts";
import { openStorage } from "./storage.ts";

const [address, logPath, writerText, commitsText] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
const writer = Number(writerText);
const commits = Number(commitsText);
/** Tries of one commit while the storage fails. */
const TRIES_MAX = 30;

/** Synchronous, so that the driver hears of a write before it happens. */
function announce(line: string): void {
  writeSync(1, `${line}\n`);
}

/** The same storage; every put is announced before it starts and after it has ended. */
function announcing(storage: Storage): Storage {
  return new Proxy(storage, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name === "withSettings")
        return (...parameters: unknown[]) => announcing(member.apply(target, parameters));
      if (name !== "put") return member.bind(target);
      return async (...parameters: Parameters<Storage["put"]>) => {
        const [path] = parameters;
        announce(`put ${path}`);
        const outcome = await target.put(...parameters);
        announce(`end ${path}`);
        return outcome;
      };
    },
  });
}

/** Odd commits rebase by a solver, even ones are rerun from the branch's tip. */
async function commitOnce(repository: Repository, index: number): Promise<string> {
  const message = ledgerMessage(writer, index);
  if (index % 2 === 0) {
    return repository.transaction(
      "main",
      (session) => session.store.set(ledgerKey(writer, index), ledgerBytes(writer, index)),
      { message, retry: "rerun" },
    );
  }
  const session = await repository.writableSession("main");
  await session.store.set(ledgerKey(writer, index), ledgerBytes(writer, index));
  return session.commit(message, { solver: basicConflictSolver() });
}

/** Runs `attempt` until the storage lets it. */
async function persistently<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const { category, kind } = isIcefloeError(error) ? error : { category: "", kind: "" };
      const isStorage = category === "storage" || category === "unknown-outcome";
      if (!isStorage || tries === TRIES_MAX) throw error;
      announce(`failed ${kind}`);
    }
  }
}

const done = acknowledgedIn(logPath).length;
const log = new LedgerLog(logPath);
const storage = announcing(openStorage(JSON.parse(address)));
const repository = await persistently(() => Repository.open(storage));
for (let index = done; index < commits; index++) {
  const snapshotId = await persistently(() => {
    log.begin(index);
    announce(`begin ${index}`);
    return commitOnce(repository, index);
  });
  log.acknowledge(index, snapshotId);
  announce(`ack ${index}`);
}
log.close();
await storage.close();
