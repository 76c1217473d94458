/** Deleting objects, one by one: requests for many at once take as long, and say less. */
import { mapConcurrent } from "../../base/concurrency.ts";
import type { DeleteOutcome } from "../port.ts";
import { bucketFailure, type GcsClient } from "./client.ts";

const DELETES_AT_ONCE = 32;

/** Deletes objects; what is absent is deleted. One request each. */
export function deleteOneByOne(
  client: GcsClient,
  folder: string,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome[]> {
  return mapConcurrent(paths, DELETES_AT_ONCE, async (path): Promise<DeleteOutcome> => {
    signal?.throwIfAborted();
    try {
      await client.request({
        url: client.objectUrl(`${folder}${path}`),
        method: "DELETE",
        signal,
        isExpected: (status) => status === 204 || status === 200 || status === 404,
        failureOf: bucketFailure,
      });
      return { path, outcome: "deleted" };
    } catch (error) {
      signal?.throwIfAborted();
      return { path, outcome: "failed", error };
    }
  });
}
