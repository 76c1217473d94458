/**
 * The one compare-and-swap loop: everything that changes a repository goes through it.
 *
 * Updates that wait are published together by one conditional put, each as an entry of its own in
 * the ops log. That only saves requests: the condition on the put alone guards against other
 * processes.
 *
 *   state -> changes applied in memory -> COPY repo to overwritten/ -> PUT repo, both if unchanged
 *
 * Spec: v2 "Repo Info File"; docs/semantics.md "Updates of a repository".
 */
import { isIcefloeError, makeError } from "../base/errors.ts";
import { onAbort } from "../base/on-abort.ts";
import { backoff, type RetryPolicy } from "../base/retry.ts";
import type { Runtime } from "../base/runtime.ts";
import { randomObjectId } from "../format/ids.ts";
import { backupFileName, backupPath, REPO_PATH } from "../format/object-paths.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import type { Storage } from "../storage/port.ts";
import { appendUpdates, nextUpdateMicros } from "./ops-log.ts";
import { encodeRepo } from "./repo-encode.ts";
import type { VersionedRepo } from "./repo-object.ts";
import { publishRepo } from "./repo-publish.ts";
import type { RepoReader } from "./repo-reader.ts";
import { applyChanges, type GroupPlan } from "./update-group.ts";
import { isLive, type Member } from "./update-member.ts";

/** Lost races that are retried without a pause. */
const IMMEDIATE_RETRIES = 5;

/** What updates of a repository work with. */
export interface RepoUpdateContext {
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly reader: RepoReader;
  /** How often a lost race is retried; the first retries do not wait. */
  readonly retry: RetryPolicy;
  /** Ops log entries kept in `repo` itself. */
  readonly entriesPerFile: number;
  readonly metadataBytesMax: number;
  /** Whether the last update lost a race: then the state held is probably stale. */
  isContended: boolean;
}

/** How well the state in memory is known: too old, perhaps too old, read after the calls. */
type Freshness = "stale" | "maybe-stale" | "fresh";

/** Where a round ended for the members that are still live. */
type RoundEnd = "settled" | "copy-lost" | "put-lost" | "failed";

/** Settles every member of `group`; never rejects. */
export async function runGroup(
  context: RepoUpdateContext,
  group: readonly Member[],
): Promise<void> {
  const { retry } = context;
  let freshness: Freshness = context.isContended ? "stale" : "maybe-stale";
  try {
    for (let attempt = 0; attempt < retry.attemptsMax; attempt++) {
      if (attempt > IMMEDIATE_RETRIES) await pause(context, group, attempt - IMMEDIATE_RETRIES);
      const end = await runRound(context, group, freshness);
      context.isContended = attempt > 0 || end !== "settled";
      if (!group.some(isLive)) return;
      // A lost put was read back just now, and nobody has slept since.
      freshness = end === "put-lost" && attempt < IMMEDIATE_RETRIES ? "fresh" : "stale";
    }
    const message = `${REPO_PATH} could not be updated in ${retry.attemptsMax} attempts`;
    const details = { attempts: retry.attemptsMax };
    for (const member of group) {
      member.reject(makeError("update-attempts-exhausted", message, { details }));
    }
  } catch (error) {
    for (const member of group) member.reject(error);
  }
}

/** One round: members that are settled afterwards succeeded or were refused, the others lost. */
async function runRound(
  context: RepoUpdateContext,
  group: readonly Member[],
  freshness: Freshness,
): Promise<RoundEnd> {
  const { reader, runtime } = context;
  const held = freshness === "stale" ? undefined : reader.held;
  const read = (): Promise<VersionedRepo> => whileLive(group, (signal) => reader.read(signal));
  let base = held ?? (await read());
  let plan = applyChanges(base.repo, group);
  // A state that may be stale can be built on, since the put checks it, but refuses nobody.
  if (held !== undefined && freshness === "maybe-stale" && plan.refused.size > 0) {
    base = await read();
    plan = applyChanges(base.repo, group);
  }
  if (plan.accepted.length === 0) return rejectRefused(plan);

  const firstMicros = nextUpdateMicros(base.repo, runtime.nowMicros());
  const backupName = backupFileName(firstMicros, randomObjectId(runtime));
  const log = { firstMicros, backupName, entriesPerFile: context.entriesPerFile };
  const copying = copyToBackup(context, base, backupName);
  copying.catch(() => undefined); // Awaited below; must not surface earlier.
  let next: RepoInfo;
  let body: Uint8Array;
  do {
    if (!plan.accepted.every(isLive)) plan = applyChanges(base.repo, group); // Some were aborted.
    if (plan.accepted.length === 0) return rejectRefused(plan);
    next = appendUpdates(plan.repo, plan.updates, log);
    body = encodeRepo(next, context.metadataBytesMax);
    if (!(await copying)) return "copy-lost";
  } while (!plan.accepted.every(isLive));

  return await publishPlan(context, plan, { base, next, body, backupName });
}

async function publishPlan(
  context: RepoUpdateContext,
  plan: GroupPlan,
  put: { base: VersionedRepo; next: RepoInfo; body: Uint8Array; backupName: string },
): Promise<RoundEnd> {
  const { accepted } = plan;
  for (const member of accepted) member.markSent();
  try {
    const landed = (repo: RepoInfo): boolean => accepted.some((member) => member.landed(repo));
    const published = await publishRepo(context, { ...put, landed });
    if (published.outcome === "lost") {
      for (const member of accepted) member.markLost();
      return "put-lost";
    }
    for (const member of accepted) member.resolve(published.state.repo);
    return rejectRefused(plan);
  } catch (error) {
    // Those that were refused stay: what they were refused for may not have come about.
    for (const member of accepted) member.reject(error);
    return "failed";
  }
}

function rejectRefused(plan: GroupPlan): RoundEnd {
  for (const [member, reason] of plan.refused) member.reject(reason);
  return "settled";
}

/** Copies `repo` aside unless another writer has replaced it: then false. An orphan is harmless. */
async function copyToBackup(
  { storage }: RepoUpdateContext,
  base: VersionedRepo,
  backupName: string,
): Promise<boolean> {
  try {
    const { outcome } = await storage.copy(REPO_PATH, backupPath(backupName), {
      objectKind: "backup",
      ifMatch: base.version,
    });
    return outcome === "copied";
  } catch (error) {
    if (isIcefloeError(error, "unknown-outcome")) return false; // The next attempt takes a new name.
    throw error;
  }
}

/** Backs off, but ends at once when every member has been aborted. */
async function pause(
  context: RepoUpdateContext,
  group: readonly Member[],
  lost: number,
): Promise<void> {
  await whileLive(group, (signal) => backoff(context.runtime, context.retry, lost, signal));
}

/** Does what all of the group wait for; aborted with the last of them, so that the queue moves on. */
async function whileLive<T>(
  group: readonly Member[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abandoned = new AbortController();
  const stop = (): void => {
    if (!group.some(isLive)) abandoned.abort();
  };
  const forgets = group.map(({ signal }) => onAbort(signal, stop));
  try {
    return await work(abandoned.signal);
  } finally {
    for (const forget of forgets) forget();
  }
}
