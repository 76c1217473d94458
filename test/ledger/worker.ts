/**
 * One writer process: commits its share, acknowledging each in its log, until it is done or
 * killed. Started again it goes on after its last acknowledgement. Announces every storage write
 * on stdout, so that the driver can kill it inside a commit.
 *
 * Arguments: repository folder, log file, writer, commits.
 */
import { writeSync } from "node:fs";
import { basicConflictSolver, Repository } from "icefloe";
import type { Storage } from "icefloe/storage";
import { localFilesystemStorage } from "icefloe/storage/local";
import { acknowledgedIn, LedgerLog } from "./log.ts";
import { ledgerBytes, ledgerKey, ledgerMessage } from "./plan.ts";

const [folder, logPath, writerText, commitsText] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
const writer = Number(writerText);
const commits = Number(commitsText);

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

const done = acknowledgedIn(logPath).length;
const log = new LedgerLog(logPath);
const repository = await Repository.open(announcing(localFilesystemStorage(folder)));
for (let index = done; index < commits; index++) {
  log.begin(index);
  announce(`begin ${index}`);
  const snapshotId = await commitOnce(repository, index);
  log.acknowledge(index, snapshotId);
  announce(`ack ${index}`);
}
log.close();
