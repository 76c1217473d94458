/**
 * Reads a ledger in a process that has written nothing: is every acknowledged commit in the
 * history, and every chunk that was acknowledged whole? Prints one JSON value.
 *
 * A commit may stand there as often as it was begun, since the writer may have been killed before it
 * heard of its success; one that stands there more often was made twice by the engine.
 *
 * Arguments: the storage's address as JSON, folder of the logs, writers.
 */
import { join } from "node:path";
import { Repository } from "icefloe";
import { acknowledgedIn, begunIn } from "./log.ts";
import { ledgerBytes, ledgerKey, ledgerMessage } from "./plan.ts";
import { openStorage } from "./storage.ts";

/** What was found. `lost`, `torn` and `doubled` name commits; all must be empty. */
export interface Findings {
  acknowledged: number;
  inHistory: number;
  redone: number;
  readonly lost: string[];
  readonly torn: string[];
  readonly doubled: string[];
}

const [address, logs, writersText] = process.argv.slice(2) as [string, string, string];
const findings: Findings = {
  acknowledged: 0,
  inHistory: 0,
  redone: 0,
  lost: [],
  torn: [],
  doubled: [],
};

const storage = openStorage(JSON.parse(address));
const repository = await Repository.open(storage);
const history = await repository.ancestry("main").toArray();
const messageOf = new Map(history.map(({ id, message }) => [id, message]));
const tip = await repository.readonlySession("main");
findings.inHistory = history.length;

for (const { id, parentId } of history) {
  if (parentId !== undefined && !messageOf.has(parentId)) findings.torn.push(`parent of ${id}`);
}
for (let writer = 0; writer < Number(writersText); writer++) {
  const log = join(logs, `${writer}.log`);
  const acknowledged = acknowledgedIn(log);
  for (const [index, begun] of begunIn(log)) {
    const name = ledgerMessage(writer, index);
    const count = history.filter(({ message }) => message === name).length;
    if (count > begun) findings.doubled.push(`${name}: begun ${begun} times, there ${count} times`);
  }
  findings.acknowledged += acknowledged.length;
  for (const { index, snapshotId } of acknowledged) {
    const name = ledgerMessage(writer, index);
    if (messageOf.get(snapshotId) !== name) findings.lost.push(`${name} as ${snapshotId}`);
    const key = ledgerKey(writer, index);
    const expected = ledgerBytes(writer, index).join();
    // In the commit itself, and still at the tip: a later commit must not have dropped it.
    const commit = await repository.readonlySession({ snapshotId });
    for (const [where, session] of [
      ["its commit", commit],
      ["the tip", tip],
    ] as const) {
      const bytes = await session.store.get(key);
      if (bytes === undefined) findings.lost.push(`${key} at ${where}`);
      else if (bytes.join() !== expected) findings.torn.push(`${key} at ${where}`);
    }
  }
}
findings.redone = history.length - 2 - findings.acknowledged;
await storage.close();
process.stdout.write(`${JSON.stringify(findings)}\n`);
