/** Repositories for the interop tests: steps that both sides can do, and dumps that both can give. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Diff,
  Repository,
  type RepositoryConfig,
  type Session,
  type Store,
  type VersionRef,
} from "../../src/index.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import { arrayDocument } from "../zarr-documents.ts";
import type { Dump, DumpedChunk, DumpedDiff, DumpedNode, DumpedSnapshot, Step } from "./oracle.ts";

/** Chunks of at most this many bytes are inline in the tests' repositories. */
export const INLINE_BYTES = 16;

const FILE_BYTES = 4096;

/** A folder for one test file: repositories, and a file that virtual chunks point into. */
export interface Workspace {
  readonly folder: string;
  /** Where virtual chunks may lie, as a URL that ends in a slash. */
  readonly virtualPrefix: string;
  readonly virtualFile: string;
  /** The file's bytes: byte i is i mod 251. */
  readonly virtualBytes: Uint8Array;
  path(name: string): string;
  remove(): void;
}

/** Makes an empty workspace below the system's temporary folder. */
export function makeWorkspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "icefloe-interop-"));
  const virtualBytes = Uint8Array.from({ length: FILE_BYTES }, (_, i) => i % 251);
  writeFileSync(join(folder, "source.bin"), virtualBytes);
  return {
    folder,
    virtualPrefix: `file://${folder}/`,
    virtualFile: `file://${folder}/source.bin`,
    virtualBytes,
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Opens a repository that either side made. */
export function openLocal(path: string): Promise<Repository> {
  return Repository.open(localFilesystemStorage(path));
}

/** Creates a repository with icefloe: small inline threshold, optional splits, a virtual container. */
export async function createLocal(
  path: string,
  options: { readonly splitChunks?: number; readonly virtualPrefix?: string } = {},
): Promise<Repository> {
  const { splitChunks, virtualPrefix } = options;
  const repository = await Repository.create(localFilesystemStorage(path), {
    config: {
      inlineChunkThresholdBytes: INLINE_BYTES,
      ...(splitChunks === undefined ? {} : { manifest: splitEvery(splitChunks) }),
      ...(virtualPrefix === undefined
        ? {}
        : { virtualChunkContainers: containerAt(virtualPrefix) }),
    },
  });
  await repository.saveConfig();
  return repository;
}

function splitEvery(chunks: number): RepositoryConfig["manifest"] {
  return {
    splitting: {
      split_sizes: [
        [{ path_matches: { regex: ".*" } }, [{ condition: "Any", num_chunks: chunks }]],
      ],
    },
  };
}

function containerAt(urlPrefix: string) {
  const folder = urlPrefix.slice("file://".length);
  return { source: { urlPrefix, store: { type: "LocalFileSystem" as const, field0: folder } } };
}

/** A zarr.json of an array with the bytes codec only: chunks are what is set. */
export function arrayJson(
  shape: readonly number[],
  chunkShape: readonly number[],
  attributes: Record<string, unknown> = {},
): string {
  return arrayDocument(shape, chunkShape, { attributes });
}

/** A zarr.json of a group. */
export function groupJson(attributes: Record<string, unknown> = {}): string {
  return JSON.stringify({ zarr_format: 3, node_type: "group", attributes });
}

/** A step that writes text or bytes. */
export function set(key: string, value: string | Uint8Array): Step {
  return { set: key, bytes: Buffer.from(value).toString("base64") };
}

/** Bytes that tell where they belong. */
export function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7) % 256);
}

/** Runs steps on a store of icefloe's. */
export async function apply(store: Store, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if ("set" in step) await store.set(step.set, new Uint8Array(Buffer.from(step.bytes, "base64")));
    else if ("delete" in step) await store.delete(step.delete);
    else if ("deleteDir" in step) await store.deleteDir(step.deleteDir);
    else if ("clear" in step) await store.clear();
    else {
      const { virtual, ...ref } = step;
      await store.setVirtualRef(virtual, ref);
    }
  }
}

/** Runs steps with icefloe and commits them. */
export async function commit(
  repository: Repository,
  message: string,
  steps: readonly Step[],
  options: { readonly branch?: string; readonly metadata?: Record<string, unknown> } = {},
): Promise<string> {
  const session = await repository.writableSession(options.branch ?? "main");
  await apply(session.store as Store, steps);
  return session.commit(
    message,
    options.metadata === undefined ? {} : { metadata: options.metadata },
  );
}

/** The dump of one version, read by icefloe through its public store. */
export async function dumpVersion(repository: Repository, version: VersionRef): Promise<Dump> {
  return dumpSession(await repository.readonlySession(version));
}

/** The dump of what a session sees. */
export async function dumpSession(session: Session): Promise<Dump> {
  const { store } = session;
  const keys = (await store.list().toArray()).sort();
  const nodes: DumpedNode[] = [];
  for (const key of keys.filter((key) => /(^|\/)zarr\.json$/.test(key))) {
    const path = `/${key.replace(/\/?zarr\.json$/, "")}`;
    const metadata = Buffer.from(await mustGet(store as Store, key)).toString();
    const isArray = (JSON.parse(metadata) as { node_type: string }).node_type === "array";
    nodes.push({
      path,
      metadata,
      ...(isArray ? { chunks: await chunksOf(store as Store, path) } : {}),
    });
  }
  return { snapshotId: session.snapshotId, keys, nodes };
}

async function mustGet(store: Store, key: string): Promise<Uint8Array> {
  const bytes = await store.get(key);
  if (bytes === undefined) throw new Error(`${key} is listed and absent`);
  return bytes;
}

async function chunksOf(store: Store, path: string): Promise<DumpedChunk[]> {
  const rows: DumpedChunk[] = [];
  for await (const chunk of store.arrayChunks(path)) {
    const { coordinates, type: kind, length } = chunk;
    if (kind === "virtual") {
      const { location = "", offset = 0 } = chunk;
      rows.push({ coordinates, kind, length, location, offset });
      continue;
    }
    const key = [path.slice(1), "c", ...coordinates].filter((part) => part !== "").join("/");
    const bytes = await mustGet(store, key);
    rows.push({ coordinates, kind, length, bytes: Buffer.from(bytes).toString("base64") });
  }
  return rows.sort((a, b) => compareCoordinates(a.coordinates, b.coordinates));
}

function compareCoordinates(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, dimension) => value !== b[dimension]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}

/** A dump for comparison: in one order, without the bytes of virtual chunks (icefloe fetches none yet). */
export function comparable(dump: Dump): unknown {
  const nodes = [...dump.nodes]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map((node) => ({
      ...node,
      ...(node.chunks === undefined ? {} : { chunks: node.chunks.map(withoutVirtualBytes) }),
    }));
  return { snapshotId: dump.snapshotId, keys: [...dump.keys].sort(), nodes };
}

function withoutVirtualBytes(chunk: DumpedChunk): DumpedChunk {
  if (chunk.kind !== "virtual") return chunk;
  const { bytes: _, unreadable: __, ...rest } = chunk;
  return rest;
}

/** A dump as the npm binding gives it: it tells no kinds, and no bytes of virtual chunks here. */
export function withoutKinds(dump: Dump, virtualOf: Dump): unknown {
  const isVirtual = new Set(
    virtualOf.nodes.flatMap(({ path, chunks = [] }) =>
      chunks.filter((c) => c.kind === "virtual").map((c) => `${path} ${c.coordinates.join()}`),
    ),
  );
  const nodes = [...dump.nodes]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, metadata, chunks }) => ({
      path,
      metadata,
      chunks: [...(chunks ?? [])]
        .sort((a, b) => compareCoordinates(a.coordinates, b.coordinates))
        .filter(({ coordinates }) => !isVirtual.has(`${path} ${coordinates.join()}`))
        .map(({ coordinates, bytes }) => ({ coordinates, bytes })),
    }));
  return { snapshotId: dump.snapshotId, keys: [...dump.keys].sort(), nodes };
}

/** A branch's history, newest first, read by icefloe. */
export async function historyOf(
  repository: Repository,
  version: VersionRef,
): Promise<DumpedSnapshot[]> {
  const list = await repository.ancestry(version).toArray();
  return list.map(({ id, parentId, writtenAtMicros, message, metadata }) => ({
    id,
    parentId: parentId ?? null,
    writtenAtMicros,
    message,
    metadata,
  }));
}

/** Branches and tags with the snapshots they name, read by icefloe. */
export async function refsOf(repository: Repository) {
  const lookUp = async (names: readonly string[], look: (name: string) => Promise<string>) =>
    Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await look(name)] as const)),
    );
  return {
    branches: await lookUp(await repository.listBranches(), (name) =>
      repository.lookupBranch(name),
    ),
    tags: await lookUp(await repository.listTags(), (name) => repository.lookupTag(name)),
  };
}

/** A diff in the oracle's form. */
export function diffValue(diff: Diff): DumpedDiff {
  const updatedChunks = Object.fromEntries(
    [...diff.updatedChunks].map(([path, coordinates]) => [
      path,
      [...coordinates].sort(compareCoordinates),
    ]),
  );
  return {
    newGroups: diff.newGroups,
    newArrays: diff.newArrays,
    deletedGroups: diff.deletedGroups,
    deletedArrays: diff.deletedArrays,
    updatedGroups: diff.updatedGroups,
    updatedArrays: diff.updatedArrays,
    updatedChunks,
  };
}
