/** Puts of Azure: whole, or in blocks that move side by side. */
import type { PutOutcome } from "../port.ts";
import { checkWhole, firstPiece, isWholeBody } from "../put-body.ts";
import { type BlockSizes, blocksOf, putInBlocks } from "./blocks.ts";
import type { AzureClient } from "./client.ts";
import { type AzurePut, putOnCondition } from "./put-request.ts";

/** The most that one request may put. Azure Storage "Put Blob": 5,000 MiB. */
const WHOLE_BYTES_MAX = 5000 * 1024 * 1024;

/**
 * Puts an object: one request, or one for each block and one more. A body that comes in parts is
 * held one block for each request under way.
 */
export async function putBlob(
  client: AzureClient,
  put: AzurePut,
  sizes: BlockSizes,
): Promise<PutOutcome> {
  const { body } = put;
  const whole = (bytes: Uint8Array): Promise<PutOutcome> =>
    putOnCondition(client, put, { "x-ms-blob-type": "BlockBlob" }, {}, bytes);
  if (isWholeBody(body)) {
    checkWhole(body, put);
    const isSmall = body.length < Math.min(sizes.multipartBytesMin, WHOLE_BYTES_MAX);
    return isSmall ? whole(body) : putInBlocks(client, put, () => blocksOf(put, sizes), sizes);
  }
  const { first, all } = await firstPiece(blocksOf(put, sizes));
  return first.isLast ? whole(first.bytes) : putInBlocks(client, put, () => all, sizes);
}
