/** What changed between two versions. Loaded when it is asked. Spec: docs/semantics.md "Diff". */
import { ancestorsOf } from "../assets/ancestry.ts";
import type { Engine } from "../assets/engine.ts";
import { mapConcurrent } from "../base/concurrency.ts";
import { makeError } from "../base/errors.ts";
import { transactionLogPath } from "../format/object-paths.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import type { RepoSnapshot } from "../format/repo/snapshot-columns.ts";
import type { TransactionLog } from "../format/transaction-log/read.ts";
import { type Diff, diffFromLogs } from "../session/view/diff.ts";
import type { ParsedVersionRef, resolveVersion } from "./version-ref.ts";

/** Transaction logs read at once. */
const CONCURRENT_LOG_READS_MAX = 16;

/**
 * What the snapshots after `from` up to `to` changed. One conditional GET, then a GET per
 * transaction log and two for the snapshots, unless cached.
 * @throws {bad-snapshot-chain-for-diff} `from` is not a strict ancestor of `to`
 */
export async function diffVersions(
  engine: Engine,
  { from, to }: { readonly from: ParsedVersionRef; readonly to: ParsedVersionRef },
  resolve: typeof resolveVersion,
  signal?: AbortSignal,
): Promise<Diff> {
  const { assets, repoState } = engine;
  const repo = await repoState.read(signal);
  const fromId = resolve(repo, from);
  const toId = resolve(repo, to);
  const logIds = snapshotsBetween(repo, fromId, toId).flatMap(logsOf);
  const [logs, fromSnapshot, toSnapshot] = await Promise.all([
    mapConcurrent(logIds, CONCURRENT_LOG_READS_MAX, (log) => readLog(engine, log, signal)),
    assets.readSnapshot(fromId, signal),
    assets.readSnapshot(toId, signal),
  ]);
  const present = logs.filter((log) => log !== undefined);
  return diffFromLogs({ logs: present, from: fromSnapshot, to: toSnapshot });
}

/** Snapshots in (from, to], oldest first. */
function snapshotsBetween(repo: RepoInfo, fromId: string, toId: string): RepoSnapshot[] {
  const between: RepoSnapshot[] = [];
  for (const snapshot of ancestorsOf(repo, toId)) {
    if (snapshot.id === fromId && between.length > 0) return between.reverse();
    between.push(snapshot);
  }
  throw makeError(
    "bad-snapshot-chain-for-diff",
    `snapshot ${fromId} is no strict ancestor of ${toId}`,
    { details: { from: fromId, to: toId } },
  );
}

interface LogOfSnapshot {
  readonly id: string;
  readonly isRequired: boolean;
}

/** Logs of a snapshot: those it took over from expired ancestors, which may be gone, then its own. */
function logsOf({ id, parentId, prunedAncestorTransactionLogs }: RepoSnapshot): LogOfSnapshot[] {
  const pruned = (prunedAncestorTransactionLogs ?? []).map((id) => ({ id, isRequired: false }));
  return [...pruned, { id, isRequired: parentId !== undefined }];
}

async function readLog(
  { assets }: Engine,
  { id, isRequired }: LogOfSnapshot,
  signal: AbortSignal | undefined,
): Promise<TransactionLog | undefined> {
  const log = await assets.readTransactionLog(id, signal);
  if (log !== undefined || !isRequired) return log;
  const path = transactionLogPath(id);
  throw makeError("object-not-found", `${path} does not exist`, { details: { path } });
}
