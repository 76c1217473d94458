/** Names of objects. Azure Storage "Naming and referencing containers, blobs, and metadata". */
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { checkObjectPath } from "../object-path.ts";

/**
 * The service takes a backslash for a slash, drops dots at the end of a segment, and does not promise
 * to keep control characters, of which Azurite's lists fail: such names would be those of other objects.
 */
const OTHERS = /[\\\p{Cc}]|\.(?:\/|$)/u;

/** @throws {invalid-path} for no object's path, and for one that Azure takes for another's */
export function checkAzurePath(path: string): void {
  checkObjectPath(path);
  if (!OTHERS.test(path)) return;
  const reason = "has a backslash, a control character or a segment that ends in a dot";
  throw makeError(
    "invalid-path",
    `object path ${describe(path)} ${reason}, as no name of Azure may`,
    {
      details: { path, reason },
    },
  );
}
