/** `gcsStorage`: buckets of Google Cloud Storage. */
import type { Storage } from "../port.ts";
import { openGcs } from "./open.ts";
import { checkGcsOptions, type GcsStorageOptions } from "./options.ts";

/**
 * The objects of a bucket of Google Cloud Storage, below `prefix`. No request is made before the
 * first operation; one request per operation then, a list one per 1,000 objects, a delete one per
 * object, a large object one per part. Tokens of a service account cost a request per hour.
 * Requests that fail for a passing reason are repeated as the repository's settings say
 * (`storage.retries`); a conditional put only if it has certainly done nothing, otherwise it is
 * `unknown-outcome`. In a bucket that keeps old versions, a copy of an old one is a copy of that.
 * @throws {invalid-option} a wrong option
 * @throws {storage-config} options that do not go together, a bucket without a proper name, a key
 *   that is none or names another server for tokens than Google's, an endpoint that is not
 *   encrypted without `allowHttp`; from requests: credentials that are none
 * @throws {cannot-parse-url} an endpoint that is no http(s) URL
 * @throws {invalid-path} a prefix that is no path
 * @throws {missing-dependency} from requests: no credentials, and the package is not there that
 *   finds those of Google's other ways, `google-auth-library`
 */
export function gcsStorage(options: GcsStorageOptions): Storage {
  checkGcsOptions(options);
  return openGcs(options);
}
