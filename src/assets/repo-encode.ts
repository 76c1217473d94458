/** Writing the `repo` object. Spec: v2 "Repo Info File". */
import type { Runtime } from "../base/runtime.ts";
import { openingFrame } from "../codec/zstd/raw-frame.ts";
import { compressZstd } from "../codec/zstd/zstd.ts";
import { objectMetadata, sealEnvelope } from "../format/envelope.ts";
import { REPO_PATH } from "../format/object-paths.ts";
import type { RepoBlock } from "../format/repo/blocks.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { encodeRepoPayload } from "../format/repo/write.ts";
import type { Storage } from "../storage/port.ts";
import { assertReadable } from "./asset-limits.ts";

/** User metadata key that names a conditional put, as the official engine spells it. */
export const WRITE_ID_KEY = "icechunkwriteid";

/** How `repo` is stored. */
interface RepoEncoding {
  /** zstd's level. */
  readonly compressionLevel: number;
  readonly metadataBytesMax: number;
}

/** A head up to this size is not compressed: it changes with every commit. */
const RAW_HEAD_BYTES_MAX = 32 * 1024;
/** Blocks are compressed once, so nearly all of them are. */
const RAW_BLOCK_BYTES_MAX = 512;
/** What an opening frame holds of a head that is compressed. */
const OPENING_BYTES = 64;

const framesOfBlocks = new WeakMap<RepoBlock, Uint8Array>();

/**
 * The stored form of `repo`. Blocks are compressed once, by the level that comes first.
 * @throws {unsupported-spec-version} if it holds what we cannot keep
 * @throws {serialization} if it would be too large to be read
 */
export async function encodeRepo(
  repo: RepoInfo,
  { compressionLevel, metadataBytesMax }: RepoEncoding,
): Promise<Uint8Array> {
  const { head, blocks } = encodeRepoPayload(repo);
  const sizeBytes = blocks.reduce((sum, { bytes }) => sum + bytes.length, head.length);
  assertReadable(REPO_PATH, sizeBytes, metadataBytesMax);
  const isRaw = head.length <= RAW_HEAD_BYTES_MAX;
  const openingBytes = isRaw ? head.length : OPENING_BYTES;
  const frames = [openingFrame(head.subarray(0, openingBytes))];
  if (!isRaw) frames.push(await compressZstd(head.subarray(openingBytes), compressionLevel));
  for (const block of blocks) {
    let frame = framesOfBlocks.get(block);
    if (frame === undefined) {
      frame = await compressZstd(block.bytes, compressionLevel, RAW_BLOCK_BYTES_MAX);
      framesOfBlocks.set(block, frame);
    }
    frames.push(frame);
  }
  return sealEnvelope("repo-info", frames);
}

/** A fresh name for one conditional put: a random UUID. */
export function randomWriteId(runtime: Runtime): string {
  const bytes = runtime.randomBytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40; // Version 4.
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80; // RFC 9562 variant.
  let id = "";
  for (let i = 0; i < bytes.length; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) id += "-";
    id += ((bytes[i] as number) + 0x100).toString(16).slice(1);
  }
  return id;
}

/** User metadata of a put of `repo`, where the storage keeps any. */
export function repoMetadata(
  storage: Storage,
  writeId: string,
): Readonly<Record<string, string>> | undefined {
  if (!storage.capabilities.userMetadata) return undefined;
  return { ...objectMetadata("repo-info"), [WRITE_ID_KEY]: writeId };
}
