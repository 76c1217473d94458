/**
 * The worker's own log: one line per fact, on disk before the worker goes on. `begin i` before a
 * commit, `ack i <snapshot id>` after `commit` has resolved. A torn last line was never acknowledged.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

/** What a log says about one commit that was acknowledged. */
export interface Acknowledged {
  readonly index: number;
  readonly snapshotId: string;
}

/** A log that is being written. */
export class LedgerLog {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, "a");
  }

  begin(index: number): void {
    this.#append(`begin ${index}`);
  }

  acknowledge(index: number, snapshotId: string): void {
    this.#append(`ack ${index} ${snapshotId}`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #append(line: string): void {
    writeSync(this.#descriptor, `${line}\n`);
    fsyncSync(this.#descriptor);
  }
}

function linesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  lines.pop(); // Empty, or torn by a kill.
  return lines;
}

/** Every commit that the log acknowledges, in order. */
export function acknowledgedIn(path: string): Acknowledged[] {
  return linesOf(path)
    .map((line) => /^ack (\d+) ([0-9A-Z]{20})$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ index: Number(match[1]), snapshotId: match[2] as string }));
}

/** The commit that was begun and not acknowledged, if there is one. */
export function unfinishedIn(path: string): number | undefined {
  const last = linesOf(path).at(-1)?.split(" ");
  return last?.[0] === "begin" ? Number(last[1]) : undefined;
}

/** How often each commit was begun, by index. */
export function begunIn(path: string): Map<number, number> {
  const begun = new Map<number, number>();
  for (const line of linesOf(path)) {
    const [word, index] = line.split(" ");
    if (word === "begin") begun.set(Number(index), (begun.get(Number(index)) ?? 0) + 1);
  }
  return begun;
}
