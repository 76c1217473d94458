/**
 * Watches every change of `repo` as it reaches the storage, and knows what was promised: each step
 * must be one that somebody asked for, nothing acknowledged may be missing, nothing may change
 * that was published once.
 */
import { isDeepStrictEqual } from "node:util";
import { decodeEnvelope } from "../../src/format/envelope.ts";
import { REPO_PATH } from "../../src/format/object-paths.ts";
import { parseRepoInfo, type RepoInfo } from "../../src/format/repo/read.ts";
import type { RepoUpdate } from "../../src/format/repo/update.ts";
import { Repository } from "../../src/index.ts";
import type { Storage } from "../../src/storage/port.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";

/** Values by store key. */
export type Content = Readonly<Record<string, string>>;

/** What an actor is about to publish under a message that nobody else uses. */
export interface Intent {
  readonly message: string;
  readonly branch: string;
  readonly mode: "commit" | "amend";
  /** What the version will hold, beside what its parent (or what it replaces) holds. */
  readonly writes: Content;
}

/** How an intent ended, as its actor was told. */
export type Fate = "acknowledged" | "failed" | "unknown";

export class Auditor {
  readonly #storage: Storage;
  readonly #intents = new Map<string, Intent>();
  readonly #fates = new Map<string, { readonly fate: Fate; readonly id?: string | undefined }>();
  /** Ids by message, of all that was published. */
  readonly #published = new Map<string, string[]>();
  readonly #contents = new Map<string, Content>();
  readonly #resets = new Map<string, number>();
  #known: RepoInfo | undefined;
  #repository: Repository | undefined;
  /** Changes of `repo` that were looked at. */
  transitions = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  intend(intent: Intent): void {
    this.#intents.set(intent.message, intent);
  }

  /** What the actor was told. What is acknowledged must be there already. */
  settle(message: string, fate: Fate, id?: string): void {
    this.#fates.set(message, { fate, id });
    if (fate !== "acknowledged") return;
    demand(this.#published.get(message)?.[0] === id, `${message} is acknowledged, and not there`);
  }

  /** An actor is about to reset the branch. */
  allowReset(branch: string): void {
    this.#resets.set(branch, (this.#resets.get(branch) ?? 0) + 1);
  }

  /** What a version holds, as it was published; `undefined` if it never was. */
  contentOf(id: string): Content | undefined {
    return this.#contents.get(id);
  }

  /** How many intents ended how, as their actors were told. */
  get fates(): Record<Fate, number> {
    const counts = { acknowledged: 0, failed: 0, unknown: 0 };
    for (const { fate } of this.#fates.values()) counts[fate]++;
    return counts;
  }

  /** Looks at `repo` if it has changed. */
  async look(): Promise<void> {
    const stored = await this.#storage.get(REPO_PATH);
    if (stored === undefined) return;
    const object = { object: REPO_PATH, fileType: "repo-info" as const, bytesMax: 1 << 24 };
    const { payload } = await decodeEnvelope(stored.bytes, object);
    const repo = parseRepoInfo(payload, REPO_PATH);
    const before = this.#known;
    if (before !== undefined && isSameUpdate(before.latestUpdates[0], repo.latestUpdates[0])) {
      demand(isDeepStrictEqual(before, repo), "repo changed without an entry in the ops log");
      return;
    }
    this.#known = repo;
    this.transitions++;
    for (const id of repo.snapshots.keys()) await this.#rememberContent(id);
    if (before !== undefined) this.#checkTransition(before, repo);
  }

  async #rememberContent(id: string): Promise<void> {
    if (this.#contents.has(id)) return;
    this.#contents.set(id, await this.#read(id));
  }

  async #read(id: string): Promise<Content> {
    const runtime = simulatedRuntime({ seed: 1 });
    this.#repository ??= await Repository.open(this.#storage, { runtime });
    const { store } = await this.#repository.readonlySession({ snapshotId: id });
    return contentOf(store);
  }

  #checkTransition(before: RepoInfo, after: RepoInfo): void {
    const fresh = newUpdates(before, after);
    for (const [id, snapshot] of before.snapshots) {
      demand(isDeepStrictEqual(after.snapshots.get(id), snapshot), `snapshot ${id} has changed`);
    }
    for (const name of before.deletedTags) {
      demand(after.deletedTags.has(name), `the deleted tag ${name} is forgotten`);
    }
    const branches = new Map(before.branches);
    const tags = new Map(before.tags);
    for (const { update } of fresh) this.#replay(update, after, branches, tags);
    demand(isDeepStrictEqual(branches, new Map(after.branches)), "a branch moved without a reason");
    demand(isDeepStrictEqual(tags, new Map(after.tags)), "a tag changed without a reason");
  }

  #replay(
    update: RepoUpdate["update"],
    after: RepoInfo,
    branches: Map<string, string>,
    tags: Map<string, string>,
  ): void {
    switch (update.kind) {
      case "new-commit": {
        const parent = after.snapshots.get(update.newSnapshotId)?.parentId;
        demand(parent === branches.get(update.branch), `a commit is not on ${update.branch}'s tip`);
        this.#checkPublished(update.newSnapshotId, update.branch, "commit", parent, after);
        branches.set(update.branch, update.newSnapshotId);
        return;
      }
      case "commit-amended": {
        const { previousSnapshotId: replaced, newSnapshotId } = update;
        demand(replaced === branches.get(update.branch), "an amend replaced what was no tip");
        const parents = [replaced, newSnapshotId].map((id) => after.snapshots.get(id)?.parentId);
        demand(parents[0] === parents[1], "an amended commit has another parent");
        this.#checkPublished(newSnapshotId, update.branch, "amend", replaced, after);
        branches.set(update.branch, newSnapshotId);
        return;
      }
      case "branch-reset": {
        demand(branches.get(update.name) === update.previousSnapshotId, "a reset was of no tip");
        demand((this.#resets.get(update.name) ?? 0) > 0, `nobody reset ${update.name}`);
        const tip = after.branches.get(update.name);
        if (tip !== undefined) branches.set(update.name, tip);
        return;
      }
      case "branch-created": {
        const tip = after.branches.get(update.name);
        if (tip !== undefined) branches.set(update.name, tip);
        return;
      }
      case "tag-created": {
        const target = after.tags.get(update.name);
        demand(!tags.has(update.name), `the tag ${update.name} was made twice`);
        if (target !== undefined) tags.set(update.name, target);
        return;
      }
      case "tag-deleted":
        demand(tags.get(update.name) === update.previousSnapshotId, "a tag moved");
        tags.delete(update.name);
        demand(after.deletedTags.has(update.name), `the name ${update.name} is free again`);
        return;
      default:
        throw new Error(`nobody asked for ${update.kind}`);
    }
  }

  /** A version holds what its base held and what its actor wrote, and is published once. */
  #checkPublished(
    id: string,
    branch: string,
    mode: Intent["mode"],
    baseId: string | undefined,
    after: RepoInfo,
  ): void {
    const { message } = after.snapshots.get(id) ?? { message: "" };
    const intent = this.#intents.get(message);
    demand(intent !== undefined, `nobody wrote "${message}"`);
    demand(intent.branch === branch && intent.mode === mode, `"${message}" went elsewhere`);
    const ids = [...(this.#published.get(message) ?? []), id];
    this.#published.set(message, ids);
    demand(ids.length === 1, `"${message}" was committed ${ids.length} times`);
    const fate = this.#fates.get(message)?.fate;
    demand(fate !== "failed", `"${message}" had failed, and appears`);
    const base = this.#contents.get(baseId ?? "") ?? {};
    const expected = { ...base, ...intent.writes };
    const found = this.#contents.get(id);
    if (isDeepStrictEqual(found, expected)) return;
    const shown = JSON.stringify({ expected, found });
    throw new Error(`"${message}" holds something else than it should: ${shown}`);
  }

  /** At the end: everything promised is there, and every version is what it was. */
  async finish(): Promise<void> {
    await this.look();
    const repo = this.#known;
    demand(repo !== undefined, "there is no repository");
    for (const [message, { fate, id }] of this.#fates) {
      const ids = this.#published.get(message) ?? [];
      if (fate === "acknowledged") demand(ids[0] === id, `"${message}" was lost`);
      if (fate === "failed") demand(ids.length === 0, `"${message}" had failed, and is there`);
      if (id !== undefined) demand(repo.snapshots.has(id), `snapshot ${id} was lost`);
    }
    this.#repository = undefined; // Opened anew: nothing of this comes from a cache.
    for (const [id, content] of this.#contents) {
      demand(isDeepStrictEqual(await this.#read(id), content), `version ${id} has changed`);
    }
    await this.#checkOpsLog(repo);
  }

  /** Times fall from entry to entry, over all pages. */
  async #checkOpsLog(repo: RepoInfo): Promise<void> {
    let page = repo;
    let last = Number.POSITIVE_INFINITY;
    for (;;) {
      for (const { updatedAtMicros } of page.latestUpdates) {
        demand(updatedAtMicros < last, "times of the ops log do not rise");
        last = updatedAtMicros;
      }
      const older = page.repoBeforeUpdates;
      if (older === undefined) return;
      const path = `overwritten/${older}`;
      const stored = await this.#storage.get(path);
      demand(stored !== undefined, `${path} is gone`);
      const object = { object: path, fileType: "repo-info" as const, bytesMax: 1 << 24 };
      page = parseRepoInfo((await decodeEnvelope(stored.bytes, object)).payload, path);
    }
  }
}

/** The entries that `after` has and `before` has not, oldest first. */
function newUpdates(before: RepoInfo, after: RepoInfo): RepoUpdate[] {
  const at = after.latestUpdates.findIndex((one) => isSameUpdate(one, before.latestUpdates[0]));
  demand(at > 0, "the ops log does not go on where it was");
  const old = after.latestUpdates.slice(at);
  for (const [index, entry] of old.entries()) {
    const known = before.latestUpdates[index];
    demand(isSameUpdate(entry, known), "the ops log was changed");
    if (index > 0) demand(entry.backupPath === known?.backupPath, "a backup was renamed");
  }
  return after.latestUpdates.slice(0, at).reverse();
}

function isSameUpdate(a: RepoUpdate | undefined, b: RepoUpdate | undefined): boolean {
  return a?.updatedAtMicros === b?.updatedAtMicros && isDeepStrictEqual(a?.update, b?.update);
}

/** All values of a store. */
export async function contentOf(store: {
  list(): { toArray(): Promise<string[]> };
  get(key: string): Promise<Uint8Array | undefined>;
}): Promise<Content> {
  const content: Record<string, string> = {};
  for (const key of await store.list().toArray()) {
    const bytes = await store.get(key);
    demand(bytes !== undefined, `${key} is listed, but absent`);
    content[key] = new TextDecoder().decode(bytes);
  }
  return content;
}

/** Throws unless it is true. */
export function demand(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(`auditor: ${what}`);
}
