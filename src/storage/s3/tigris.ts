/** `tigrisStorage`: buckets of Tigris, which keeps copies in many regions. */
import { makeError } from "../../base/errors.ts";
import { trueOrFalse } from "../../base/options.ts";
import type { Storage } from "../port.ts";
import { readOnly } from "../read-only.ts";
import { openS3 } from "./open.ts";
import { checkS3Options, type S3StorageOptions, s3Target } from "./options.ts";

/** Options of `tigrisStorage`: those of `s3Storage`, and how consistent reads must be. */
export interface TigrisStorageOptions extends S3StorageOptions {
  /** Reads from the nearest region, whatever has arrived there: for reading only. Default false. */
  readonly useWeakConsistency?: boolean | undefined;
}

/**
 * The objects of a Tigris bucket. As `s3Storage`; all requests go to the bucket's region, which
 * alone knows the newest state.
 * @throws {storage-config} neither `region` nor `useWeakConsistency`
 */
export function tigrisStorage(options: TigrisStorageOptions): Storage {
  checkS3Options("tigrisStorage", options, { useWeakConsistency: trueOrFalse });
  const { useWeakConsistency = false, region, headers, ...rest } = options;
  if (region === undefined && !useWeakConsistency) {
    const reason =
      "region is not given: reads would not see the newest state (useWeakConsistency: true permits that, for reading only)";
    throw makeError("storage-config", `tigrisStorage: ${reason}`, {
      details: { option: "region" },
    });
  }
  const consistent = { "x-tigris-regions": region ?? "", "x-tigris-consistent": "true" };
  const said: S3StorageOptions = {
    ...rest,
    region: region ?? "auto",
    endpointUrl: rest.endpointUrl ?? "https://t3.storage.dev",
    headers: useWeakConsistency ? headers : { ...headers, ...consistent },
  };
  const target = s3Target("tigrisStorage", said, "tigris");
  const hint = { ...target.hint, ...(useWeakConsistency ? { useWeakConsistency } : {}) };
  const readHeaders = useWeakConsistency ? {} : { "cache-control": "no-cache" };
  const storage = openS3({ ...target, hint, readHeaders }, said);
  return useWeakConsistency ? weaklyConsistent(storage) : storage;
}

/** Read-only, though its hint needs no wrapper: it says so itself. */
function weaklyConsistent(storage: Storage): Storage {
  return { ...readOnly(storage), describe: () => storage.describe() };
}
