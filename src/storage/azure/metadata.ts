/** User metadata as headers. Azure Storage "Naming and referencing containers, blobs, and metadata". */
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";

const PREFIX = "x-ms-meta-";

/**
 * The headers of user metadata.
 * @throws {invalid-option} a name that is no identifier, which the service would refuse, or a value
 *   that fits no header
 */
export function metadataHeaders(
  path: string,
  metadata: Readonly<Record<string, string>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw refusal(path, `metadata name ${describe(name)} is none of letters, digits and _`);
    if (!/^[\x20-\x7e]*$/.test(value))
      throw refusal(path, `metadata ${name} is no text of visible ASCII letters`);
    headers[PREFIX + name.toLowerCase()] = value;
  }
  return headers;
}

function refusal(path: string, reason: string): Error {
  return makeError("invalid-option", `put of ${path}: Azure takes no such metadata: ${reason}`, {
    details: { option: "metadata", path },
  });
}

/** The user metadata in an answer's headers. */
export function metadataIn(headers: Headers): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, value] of headers)
    if (name.startsWith(PREFIX)) metadata[name.slice(PREFIX.length)] = value;
  return metadata;
}
