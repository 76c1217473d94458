/** Puts of Azure: whole, or in blocks that move side by side. */
import type { PutOutcome } from "../port.ts";
import { type BlockSizes, putInBlocks } from "./blocks.ts";
import type { AzureClient } from "./client.ts";
import { type AzurePut, putOnCondition } from "./put-request.ts";

/** The most that one request may put. Azure Storage "Put Blob": 5,000 MiB. */
const WHOLE_BYTES_MAX = 5000 * 1024 * 1024;

/** Puts an object: one request, or one for each block and one more. */
export function putBlob(
  client: AzureClient,
  put: AzurePut,
  sizes: BlockSizes,
): Promise<PutOutcome> {
  const isWhole = put.body.length < Math.min(sizes.multipartBytesMin, WHOLE_BYTES_MAX);
  if (!isWhole) return putInBlocks(client, put, sizes);
  return putOnCondition(client, put, { "x-ms-blob-type": "BlockBlob" }, {}, put.body);
}
