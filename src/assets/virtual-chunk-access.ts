/** Who may read virtual chunks, and with what: nobody so far. */
import { makeError } from "../base/errors.ts";
import { checkOption, plainObject } from "../base/options.ts";

/** @throws {unimplemented} for any access: no virtual chunk is fetched yet */
export function refuseVirtualChunkAccess(operation: string, access: unknown): void {
  if (access === undefined) return;
  checkOption(operation, "authorizeVirtualChunkAccess", access, plainObject);
  if (Object.keys(access as object).length === 0) return;
  throw makeError(
    "unimplemented",
    `${operation}: authorizeVirtualChunkAccess has no effect yet: virtual chunks are not fetched`,
    { details: { operation, option: "authorizeVirtualChunkAccess" } },
  );
}
