/** `s3Storage`: buckets of S3, and of servers that speak its protocol. */
import type { Storage } from "../port.ts";
import { openS3 } from "./open.ts";
import { checkS3Options, type S3StorageOptions, s3Target } from "./options.ts";

/**
 * The objects of an S3 bucket, below `prefix`. No request is made before the first operation; one
 * request per operation then, a list one per 1,000 objects, a large object one per part. Requests
 * that fail for a passing reason are repeated as the repository's settings say (`storage.retries`);
 * a conditional put only if it has certainly done nothing, otherwise it is `unknown-outcome`.
 * @throws {invalid-option} a wrong option
 * @throws {storage-config} options that do not go together, a bucket without a proper name, an
 *   endpoint that is not encrypted without `allowHttp`; from requests: credentials that are none
 * @throws {cannot-parse-url} an endpoint that is no http(s) URL
 * @throws {invalid-path} a prefix that is no path
 * @throws {missing-dependency} from requests: no credentials, and the package is not there that
 *   finds those of AWS's other ways, `@aws-sdk/credential-providers`
 */
export function s3Storage(options: S3StorageOptions): Storage {
  checkS3Options("s3Storage", options);
  return openS3(s3Target("s3Storage", options), options);
}
