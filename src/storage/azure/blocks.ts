/** Puts of large objects: blocks side by side, then the list of them, which makes the object. */
import { hexOf } from "../../base/bytes.ts";
import { mapStream } from "../../base/concurrent-stream.ts";
import { isIcefloeError } from "../../base/errors.ts";
import type { PutOutcome } from "../port.ts";
import { type BodyPiece, bodyPieces, isWholeBody } from "../put-body.ts";
import { type AzureClient, missingContainer } from "./client.ts";
import { type AzurePut, azureVersion, putOnCondition } from "./put-request.ts";

/** How an object is cut. */
export interface BlockSizes {
  /** Objects of this size and more are put in blocks. */
  readonly multipartBytesMin: number;
  /** Bytes of a block, more where there would be too many of them. */
  readonly partBytes: number;
  /** Blocks under way at once. */
  readonly partsMax: number;
}

/** Azure Storage "Put Block List": no more of them. */
const BLOCKS_MAX = 50_000;

/** How often blocks are put again that another writer's list has swept away. */
const UPLOADS_MAX = 3;

/**
 * Puts an object in blocks. A list that makes an object sweeps away all blocks that are not in it,
 * those of other writers too: their lists are then refused as invalid rather than by their condition,
 * which is looked at instead. Blocks that are never listed cannot be deleted; the service does so
 * after a week.
 */
export async function putInBlocks(
  client: AzureClient,
  put: AzurePut,
  blocks: () => AsyncGenerator<BodyPiece>,
  { partsMax }: BlockSizes,
): Promise<PutOutcome> {
  for (let uploads = 1; ; uploads++) {
    const list = await putBlocks(client, put, blocks(), partsMax);
    try {
      return await putOnCondition(client, put, {}, { comp: "blocklist" }, list);
    } catch (error) {
      const isSwept =
        isIcefloeError(error, "object-store") && error.details["code"] === "InvalidBlockList";
      if (!isSwept) throw error;
      if (!(await mayBePut(client, put))) return { outcome: "condition-failed" };
      // Parts that have been taken do not come again.
      if (uploads === UPLOADS_MAX || !isWholeBody(put.body)) throw error;
    }
  }
}

/** The blocks of an object. */
export function blocksOf(put: AzurePut, { partBytes }: BlockSizes): AsyncGenerator<BodyPiece> {
  const sizeBytes = isWholeBody(put.body) ? put.body.length : (put.sizeBytes ?? 0);
  return bodyPieces(put.body, Math.max(1, partBytes, Math.ceil(sizeBytes / BLOCKS_MAX)), put);
}

/** Puts the blocks; the list of them, which the service reads in its order. */
async function putBlocks(
  client: AzureClient,
  { key, signal }: AzurePut,
  blocks: AsyncGenerator<BodyPiece>,
  partsMax: number,
): Promise<Uint8Array> {
  // Blocks of all writers of an object lie together, and their names must have one length.
  const upload = hexOf(client.runtime.randomBytes(12));
  const names = await mapStream(blocks, partsMax, async ({ bytes }, index) => {
    if (bytes.length === 0) return undefined; // Nothing to be listed, for there are no empty blocks.
    const blockid = btoa(`${upload}-${String(index).padStart(5, "0")}`);
    await client.request({
      key,
      method: "PUT",
      query: { comp: "block", blockid },
      body: bytes,
      signal,
    });
    return blockid;
  });
  // Latest: also those that are listed already, by this very request whose reply was lost.
  const latest = names
    .map((name) => (name === undefined ? "" : `<Latest>${name}</Latest>`))
    .join("");
  return new TextEncoder().encode(
    `<?xml version="1.0" encoding="utf-8"?><BlockList>${latest}</BlockList>`,
  );
}

/** Whether the condition of a put holds now. */
async function mayBePut(
  client: AzureClient,
  { key, condition, signal }: AzurePut,
): Promise<boolean> {
  if (condition === undefined) return true;
  const { status, headers } = await client.request({
    key,
    method: "HEAD",
    cache: "no-store",
    signal,
    isExpected: (found) => found === 200 || found === 404,
    failureOf: missingContainer,
  });
  if ("ifAbsent" in condition) return status === 404;
  return status === 200 && azureVersion(headers).etag === condition.ifMatch.etag;
}
