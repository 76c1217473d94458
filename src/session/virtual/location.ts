/** Locations of virtual chunks in normal form. Spec: docs/semantics.md "Virtual references". */
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";

const PLAIN_PREFIXES_MAX = 1024;
const LOCATION_SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)(.*)$/s;

/**
 * Prefixes `scheme://authority` that were found valid and in normal form, and the latest of them
 * with a slash: the URL parser is asked once per prefix, not once per reference.
 */
export interface KnownPrefixes {
  readonly plain: Set<string>;
  latest: string | undefined;
}

/** The location as the official writer stores it. @throws {invalid-virtual-ref} */
export function normaliseLocation(location: string, known: KnownPrefixes): string {
  if (typeof location !== "string") {
    throw invalidRef(`location: expected a string, got ${describe(location)}`);
  }
  if (known.latest !== undefined && location.startsWith(known.latest)) return location;
  const prefix = location.slice(0, location.indexOf("/", location.indexOf("://") + 3));
  if (known.plain.has(prefix)) {
    known.latest = `${prefix}/`;
    return location;
  }
  const [, rawScheme, authority, rest] = LOCATION_SCHEME.exec(location) ?? [];
  const scheme = rawScheme?.toLowerCase();
  if (scheme === undefined || scheme === "file") {
    if (!URL.canParse(location) || !location.toLowerCase().startsWith("file:")) {
      throw invalidRef(`location ${describe(location)} is no absolute URL`, { location });
    }
    return new URL(location).href;
  }
  if (authority === "" || !URL.canParse(location)) {
    throw invalidRef(`location ${describe(location)} names no bucket, host or container`, {
      location,
    });
  }
  if (`${scheme}://${authority}` === prefix && known.plain.size < PLAIN_PREFIXES_MAX) {
    known.plain.add(prefix);
  }
  return `${scheme}://${authority}${rest}`;
}

/** The error for what cannot refer to bytes elsewhere. */
export function invalidRef(message: string, details: Record<string, unknown> = {}): Error {
  return makeError("invalid-virtual-ref", message, { details });
}
