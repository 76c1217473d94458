/**
 * One conditional put of `repo`, followed until its fate is known.
 *
 * A put that did not plainly succeed is settled by reading back: ours is recognised by the name
 * of its backup, which only our body carries, also when others have committed on top. While the
 * old version still stands, a put with a lost reply may yet land: the very same body is sent
 * again, so that at most one of the sends can take effect. Why:
 * docs/decisions/0004-updates-of-repo.md.
 */
import { isIcefloeError, makeError } from "../base/errors.ts";
import { backoff, type RetryPolicy, wasRepeated } from "../base/retry.ts";
import type { Runtime } from "../base/runtime.ts";
import { backupPath, REPO_PATH } from "../format/object-paths.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { type ObjectVersion, type Storage, sameVersion } from "../storage/port.ts";
import { fateOfPut, newestUpdate } from "./ops-log.ts";
import { randomWriteId, repoMetadata } from "./repo-encode.ts";
import { decodeRepo, type VersionedRepo } from "./repo-object.ts";
import type { RepoReader } from "./repo-reader.ts";

/** Sends of one body while its fate is unknown and the old version still stands. */
const SENDS_MAX = 5;

/** Tries of each read to learn the fate of a send. */
const READ_BACK_TRIES_MAX = 5;

/** Older parts of the ops log that are searched for our entry. */
const SETTLE_PAGES_MAX = 32;

/** What a publication works with. */
interface PublishContext {
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly reader: RepoReader;
  readonly metadataBytesMax: number;
  readonly retry: RetryPolicy;
}

/** The replacement of one state by another. */
interface Publication {
  readonly base: VersionedRepo;
  readonly next: RepoInfo;
  /** The stored form of `next`. */
  readonly body: Uint8Array;
  /** Name of the backup of `base` that stands in `next`. */
  readonly backupName: string;
  /** Whether a state holds this change for certain; false if that cannot be told. */
  landed(repo: RepoInfo): boolean;
}

/** What became of a publication; `lost`: another writer replaced `base`, ours is void. */
type Published =
  | { readonly outcome: "landed"; readonly state: VersionedRepo }
  | { readonly outcome: "lost" };

/** Sends the body, once if all goes well. Cannot be aborted. @throws {unknown-outcome} */
export async function publishRepo(
  context: PublishContext,
  publication: Publication,
): Promise<Published> {
  let unknown: unknown;
  for (let send = 1; ; send++) {
    const reply = await sendOnce(context, publication);
    if (reply.outcome === "written") {
      const state = { repo: publication.next, version: reply.version };
      context.reader.remember(state);
      return { outcome: "landed", state };
    }
    if (reply.outcome === "threw" && mayHaveLanded(reply.error)) unknown = reply.error;
    const state = await readBack(context, reply, unknown);
    if (publication.landed(state.repo)) return { outcome: "landed", state };
    if (!sameVersion(state.version, publication.base.version)) {
      if (await isInHistory(context, publication, state.repo, reply)) {
        return { outcome: "landed", state };
      }
      if (reply.outcome === "threw" && !mayHaveLanded(reply.error)) throw reply.error;
      return { outcome: "lost" };
    }
    if (unknown === undefined) {
      if (reply.outcome === "threw") throw reply.error;
      return { outcome: "lost" };
    }
    if (send >= SENDS_MAX) throw unknownOutcome(`after ${send} sends`, unknown);
    await backoff(context.runtime, context.retry, send);
  }
}

type Reply =
  | { readonly outcome: "written"; readonly version: ObjectVersion }
  | { readonly outcome: "condition-failed" }
  | { readonly outcome: "threw"; readonly error: unknown };

async function sendOnce(context: PublishContext, publication: Publication): Promise<Reply> {
  const { storage, runtime } = context;
  try {
    return await storage.put(REPO_PATH, publication.body, {
      objectKind: "repo",
      condition: { ifMatch: publication.base.version },
      metadata: repoMetadata(storage, randomWriteId(runtime)),
    });
  } catch (error) {
    return { outcome: "threw", error };
  }
}

/** The port says so by `unknown-outcome`; errors of foreign code say nothing. */
function mayHaveLanded(error: unknown): boolean {
  return !isIcefloeError(error) || error.kind === "unknown-outcome";
}

async function readBack(
  context: PublishContext,
  reply: Reply,
  unknown: unknown,
): Promise<VersionedRepo> {
  try {
    return await persist(context, () => context.reader.read());
  } catch (error) {
    // The condition failed because the repository has vanished: that much is certain.
    const isCertain = unknown === undefined && reply.outcome === "condition-failed";
    if (isCertain && isIcefloeError(error, "repository-not-found")) throw error;
    const sent = reply.outcome === "threw" ? reply.error : unknown;
    throw unknownOutcome("and reading back failed", sent ?? error);
  }
}

/** Repeats a read that fails: much depends on it. */
async function persist<T>({ runtime, retry }: PublishContext, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const isFinal = isIcefloeError(error, "repository-not-found") || wasRepeated(error);
      if (isFinal || attempt >= READ_BACK_TRIES_MAX) throw error;
    }
    await backoff(runtime, retry, attempt);
  }
}

/** Searches the ops log that ends in `repo` for our entry. @throws {unknown-outcome} */
async function isInHistory(
  context: PublishContext,
  { base, backupName }: Publication,
  repo: RepoInfo,
  reply: Reply,
): Promise<boolean> {
  const replacedMicros = newestUpdate(base.repo).updatedAtMicros;
  const cause = reply.outcome === "threw" ? reply.error : undefined;
  let page = repo;
  for (let pages = 0; pages < SETTLE_PAGES_MAX; pages++) {
    const fate = fateOfPut(page, replacedMicros, backupName);
    if (fate.fate === "landed") return true;
    if (fate.fate === "not-landed") return false;
    if (fate.fate !== "continue") break;
    const older = await readPage(context, backupPath(fate.backupName), cause);
    if (older === undefined) break;
    page = older;
  }
  throw unknownOutcome("and the ops log does not reach back to it", cause);
}

/** A failure to read decides nothing: the put may have landed. */
async function readPage(
  context: PublishContext,
  path: string,
  cause: unknown,
): Promise<RepoInfo | undefined> {
  try {
    const stored = await persist(context, () => context.storage.get(path));
    return stored && (await decodeRepo(stored.bytes, path, context.metadataBytesMax));
  } catch (error) {
    throw unknownOutcome(`and ${path} cannot be read`, cause ?? error);
  }
}

function unknownOutcome(circumstance: string, cause: unknown): Error {
  return makeError(
    "unknown-outcome",
    `${REPO_PATH}: whether an update landed is not known, ${circumstance}`,
    { details: { path: REPO_PATH }, ...(cause === undefined ? {} : { cause }) },
  );
}
