/** Deleting objects, one by one: batches of the service are no cheaper, and not for every token. */
import { mapConcurrent } from "../../base/concurrency.ts";
import type { DeleteOutcome } from "../port.ts";
import { type AzureClient, missingContainer } from "./client.ts";

const DELETES_AT_ONCE = 32;

/** Deletes objects; what is absent is deleted. One request each. */
export function deleteBlobs(
  client: AzureClient,
  folder: string,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome[]> {
  return mapConcurrent(paths, DELETES_AT_ONCE, async (path): Promise<DeleteOutcome> => {
    signal?.throwIfAborted();
    try {
      await client.request({
        key: `${folder}${path}`,
        method: "DELETE",
        headers: { "x-ms-delete-snapshots": "include" }, // Else what has some is not deleted.
        signal,
        isExpected: (status) => status === 202 || status === 404,
        failureOf: missingContainer,
      });
      return { path, outcome: "deleted" };
    } catch (error) {
      signal?.throwIfAborted();
      return { path, outcome: "failed", error };
    }
  });
}
