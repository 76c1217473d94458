/** `azureStorage`: containers of Azure Blob Storage. */
import type { Storage } from "../port.ts";
import { openAzure } from "./open.ts";
import { type AzureStorageOptions, azureTarget, checkAzureOptions } from "./options.ts";

/**
 * The objects of a container of Azure Blob Storage, below `prefix`. No request is made before the
 * first operation; one request per operation then, a list one per 5,000 objects, a delete one per
 * object, a large object one per part, an object's end two. Requests that fail for a passing reason
 * are repeated as the repository's settings say (`storage.retries`); a conditional put only if it
 * has certainly done nothing, otherwise it is `unknown-outcome`. Names of user metadata are of
 * letters, digits and `_`. Paths with a backslash, a control character, or a segment that ends in a
 * dot are refused: the service would take them for others. Storage classes of the settings are
 * access tiers.
 * @throws {invalid-option} a wrong option
 * @throws {storage-config} options that do not go together, no account, a container without a
 *   proper name, an endpoint that is not encrypted without `allowHttp`; from requests: credentials
 *   that are none
 * @throws {cannot-parse-url} an endpoint that is no http(s) URL
 * @throws {invalid-path} a prefix that is no path
 * @throws {missing-dependency} from requests: no credentials, and the package is not there that
 *   finds those of Azure's other ways, `@azure/identity`
 */
export function azureStorage(options: AzureStorageOptions): Storage {
  checkAzureOptions(options);
  return openAzure(azureTarget(options), options);
}
