/** Puts of large objects: blocks side by side, then the list of them, which makes the object. */
import { hexOf } from "../../base/bytes.ts";
import { mapConcurrent } from "../../base/concurrency.ts";
import { isIcefloeError } from "../../base/errors.ts";
import type { PutOutcome } from "../port.ts";
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
  sizes: BlockSizes,
): Promise<PutOutcome> {
  for (let uploads = 1; ; uploads++) {
    const list = await putBlocks(client, put, sizes);
    try {
      return await putOnCondition(client, put, {}, { comp: "blocklist" }, list);
    } catch (error) {
      const isSwept =
        isIcefloeError(error, "object-store") && error.details["code"] === "InvalidBlockList";
      if (!isSwept) throw error;
      if (!(await mayBePut(client, put))) return { outcome: "condition-failed" };
      if (uploads === UPLOADS_MAX) throw error;
    }
  }
}

/** Puts the blocks; the list of them, which the service reads in its order. */
async function putBlocks(
  client: AzureClient,
  { key, body, signal }: AzurePut,
  sizes: BlockSizes,
): Promise<Uint8Array> {
  const blockBytes = Math.max(1, sizes.partBytes, Math.ceil(body.length / BLOCKS_MAX));
  const starts: number[] = [];
  for (let start = 0; start < body.length; start += blockBytes) starts.push(start);
  // Blocks of all writers of an object lie together, and their names must have one length.
  const upload = hexOf(client.runtime.randomBytes(12));
  const names = await mapConcurrent(starts, sizes.partsMax, async (start, index) => {
    const blockid = btoa(`${upload}-${String(index).padStart(5, "0")}`);
    await client.request({
      key,
      method: "PUT",
      query: { comp: "block", blockid },
      body: body.subarray(start, start + blockBytes),
      signal,
    });
    return blockid;
  });
  // Latest: also those that are listed already, by this very request whose reply was lost.
  const latest = names.map((name) => `<Latest>${name}</Latest>`).join("");
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
