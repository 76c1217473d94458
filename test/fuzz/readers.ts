/**
 * Reads a file of each type to its last field, and checks what comes out: only a typed error, or
 * content that can be written (which sorts it and fills in what is missing) and from then on
 * stays the same.
 */
import { isDeepStrictEqual } from "node:util";
import { indexSnapshot } from "../../src/assets/snapshot-index.ts";
import { isIcefloeError } from "../../src/base/errors.ts";
import { compressFrames } from "../../src/codec/zstd/compress-frames.ts";
import { decodeZstd } from "../../src/codec/zstd/decode.ts";
import { encodeZstd } from "../../src/codec/zstd/encode.ts";
import { openFrames } from "../../src/codec/zstd/framed-content.ts";
import { parseConfig, resolveConfig } from "../../src/format/config/resolve.ts";
import { encodeConfig } from "../../src/format/config/write.ts";
import { decodeEnvelope } from "../../src/format/envelope.ts";
import type { ChunkRef } from "../../src/format/manifest/chunk-ref.ts";
import { type CheckedRows, parseManifest } from "../../src/format/manifest/read.ts";
import { bulkRows } from "../../src/format/manifest/ref-columns.ts";
import { selectRows } from "../../src/format/manifest/row-selection.ts";
import { splitSizes } from "../../src/format/manifest/splitting.ts";
import { encodeManifest } from "../../src/format/manifest/write.ts";
import { decodeMetadata } from "../../src/format/metadata.ts";
import { parseRepoInfo } from "../../src/format/repo/read.ts";
import { encodeRepoInfo } from "../../src/format/repo/write.ts";
import { parseSnapshot, type Snapshot } from "../../src/format/snapshot/read.ts";
import { encodeSnapshot } from "../../src/format/snapshot/write.ts";
import { mergeTransactionLogs } from "../../src/format/transaction-log/merge.ts";
import { parseTransactionLog } from "../../src/format/transaction-log/read.ts";
import { encodeTransactionLog } from "../../src/format/transaction-log/write.ts";
import type { SeedType } from "./corpus.ts";

/** Whether an input was refused, or read as valid content. */
export type Outcome = "refused" | "read";

/** The largest payload that fuzzed files may unpack to. */
export const METADATA_BYTES_MAX: number = 1 << 20;
const LOOKUPS_MAX = 50;
const OBJECT = "X";
const REWRITTEN_ROWS_MAX = 64;

/** Runs `work`; damage that it refuses with a typed error of the format is `undefined`. */
async function orRefused<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isIcefloeError(error) && error.category === "format") return undefined;
    throw error;
  }
}

function demand(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

/** Reads a whole metadata file: header, payload, every field. */
export async function readFile(type: SeedType, file: Uint8Array): Promise<Outcome> {
  const options = { object: OBJECT, fileType: type, bytesMax: METADATA_BYTES_MAX };
  const envelope = await orRefused(() => decodeEnvelope(file, options));
  if (envelope === undefined) return "refused";
  const { payload, specVersion } = envelope;
  demand(payload.length <= METADATA_BYTES_MAX, `a payload of ${payload.length} bytes`);
  if (type === "snapshot") return readSnapshot(payload, specVersion);
  if (type === "manifest") return readManifest(payload);
  return type === "repo-info" ? readRepo(payload) : readLog(payload);
}

async function readRepo(payload: Uint8Array): Promise<Outcome> {
  const repo = await orRefused(() => parseRepoInfo(payload, OBJECT));
  if (repo === undefined) return "refused";
  for (const { metadata } of [repo, ...repo.snapshots.values()]) {
    await orRefused(() => decodeMetadata(metadata, 2));
  }
  const config = repo.config;
  if (config !== undefined) await readConfig(config);
  const written = await orRefused(() => encodeRepoInfo(repo));
  if (written !== undefined) {
    const again = parseRepoInfo(written, "written");
    const twice = parseRepoInfo(encodeRepoInfo(again), "written twice");
    demand(isDeepStrictEqual(twice, again), "a repository is not the same when written");
  }
  return "read";
}

async function readSnapshot(payload: Uint8Array, specVersion: 1 | 2): Promise<Outcome> {
  const snapshot = await orRefused(() => parseSnapshot(payload, specVersion, OBJECT));
  if (snapshot === undefined) return "refused";
  await orRefused(() => decodeMetadata(snapshot.metadata, specVersion));
  const index = indexSnapshot(snapshot);
  const paths = new Set<string>();
  for (const node of index.nodesUnder("/")) {
    demand(index.node(node.path) !== undefined, `no node at ${node.path}`);
    paths.add(node.path);
  }
  demand(paths.size <= snapshot.nodes.length, "more paths than nodes");
  const rewrite = (from: Snapshot): Snapshot =>
    parseSnapshot(encodeSnapshot({ ...from, specVersion: 2 }), 2, "written");
  const again = await orRefused(() => rewrite(snapshot));
  if (again !== undefined && paths.size === snapshot.nodes.length) {
    const twice = rewrite(again);
    demand(isDeepStrictEqual(twice, again), "a snapshot is not the same when written");
  }
  return "read";
}

async function readLog(payload: Uint8Array): Promise<Outcome> {
  const log = await orRefused(() => parseTransactionLog(payload, OBJECT));
  if (log === undefined) return "refused";
  const again = parseTransactionLog(encodeTransactionLog(log), "written");
  const twice = parseTransactionLog(encodeTransactionLog(again), "written twice");
  demand(isDeepStrictEqual(twice, again), "a transaction log is not the same when written");
  await orRefused(() => encodeTransactionLog(mergeTransactionLogs(log, again)));
  return "read";
}

async function readManifest(payload: Uint8Array): Promise<Outcome> {
  const manifest = await orRefused(() => parseManifest(payload, OBJECT));
  if (manifest === undefined) return "refused";
  for (const nodeId of manifest.nodeIds) {
    for (const rank of [undefined, 1, 2]) {
      const rows = await orRefused(() => manifest.rows(nodeId, rank));
      if (rows !== undefined) await readRows(manifest.id, nodeId, rows);
      await lookUpInParts(payload, nodeId, rank, rows);
    }
  }
  return "read";
}

/** The same payload, decoded as it is looked at: it finds no row that is not there. */
async function lookUpInParts(
  payload: Uint8Array,
  nodeId: string,
  rank: number | undefined,
  whole: CheckedRows | undefined,
): Promise<void> {
  const file = await compressFrames(payload, async (part) => encodeZstd(part, 1));
  const partial = openFrames(file, METADATA_BYTES_MAX, decodeZstd, { rename: (error) => error });
  if (partial === undefined) throw new Error("a seek table is not taken for one");
  const manifest = await parseManifest(partial, OBJECT);
  const rows = await orRefused(() => manifest.lookup(nodeId, rank));
  if (rows === undefined) return;
  const coordinates = Array.from({ length: rows.rank }, () => 0);
  for (let at = 0; at < Math.min(rows.length, LOOKUPS_MAX); at++) {
    await orRefused(() => {
      for (let d = 0; d < rows.rank; d++) coordinates[d] = rows.coordinate(at, d);
      const found = rows.find(coordinates);
      demand(found < rows.length, `row ${found} of ${rows.length}`);
      for (let d = 0; found >= 0 && d < rows.rank; d++)
        demand(rows.coordinate(found, d) === coordinates[d], "a row of other coordinates");
      rows.ref(at);
    });
  }
  const all = await orRefused(() => manifest.rows(nodeId, rank));
  if (all === undefined) return;
  demand(whole?.length === all.length, `${all.length} rows in parts, ${whole?.length} in whole`);
}

async function readRows(manifestId: string, nodeId: string, rows: CheckedRows): Promise<void> {
  const { rank, length } = rows;
  const coordinates = new Uint32Array(rank);
  const refs: (ChunkRef | undefined)[] = [];
  let isSound = true;
  for (let row = 0; row < length; row++) {
    for (let d = 0; d < rank; d++) coordinates[d] = rows.coordinate(row, d);
    const ref = await orRefused(() => rows.ref(row));
    if (ref === undefined) isSound = false;
    refs.push(ref);
    const found = rows.find(coordinates);
    demand(found >= -1 && found < length, `row ${found} of ${length}`);
  }
  demand(rows.find(new Uint32Array(rank).fill(0xffffffff)) < length, "a row behind the end");
  if (!isSound || length > REWRITTEN_ROWS_MAX) return;
  await rewriteRows(manifestId, nodeId, rows, refs);
}

/** Writes the rows as a commit does and reads them back. */
async function rewriteRows(
  manifestId: string,
  nodeId: string,
  rows: CheckedRows,
  refs: readonly (ChunkRef | undefined)[],
): Promise<void> {
  const { rank } = rows;
  const within = Array.from({ length: rank }, () => ({ start: 0, end: 2 ** 32 }));
  const selection = selectRows({ rank, base: [{ rows: bulkRows(rows) }], within });
  const isEachOnce = selection.length === rows.length;
  const encoded = await orRefused(() =>
    encodeManifest({ id: manifestId, arrays: [{ nodeId, selection }] }),
  );
  if (encoded === undefined) return;
  const again = (await parseManifest(encoded.payload, "written")).rows(nodeId, rank);
  demand((again?.length ?? 0) === selection.length, "rows were lost when written");
  if (!isEachOnce || again === undefined) return;
  for (let row = 0; row < again.length; row++) {
    demand(
      isDeepStrictEqual(again.ref(row), refs[row]),
      "a reference is not the same when written",
    );
  }
}

/** Reads a stored configuration, uses it, and writes it back. */
export async function readConfig(bytes: Uint8Array): Promise<Outcome> {
  const config = await orRefused(() => parseConfig(bytes, OBJECT));
  if (config === undefined) return "refused";
  const resolved = resolveConfig(config);
  for (const size of splitSizes(resolved, "/group/array", ["time", null], 3)) {
    demand(Number.isSafeInteger(size) && size > 0, `a split of ${size} chunks`);
  }
  const written = await orRefused(() => encodeConfig(config, bytes));
  if (written !== undefined) {
    // The first writing fills in what the format requires; from then on nothing changes.
    const again = parseConfig(written, "written");
    const twice = parseConfig(encodeConfig(again, written), "written twice");
    demand(isDeepStrictEqual(twice, again), "a configuration is not the same when written");
  }
  return "read";
}
