/** Signatures by an account's key. Azure Storage "Authorize with Shared Key". */
import { encodeUtf8 } from "../../base/bytes.ts";

/** A request that is signed. */
interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  /** All that are sent, by names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
}

/** Headers whose values stand in the signed text by position. The date is in `x-ms-date` instead. */
const POSITIONED: readonly string[] = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-md5",
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
];

/** The text that a signature of `request` is of. */
function textToSign(account: string, request: SignedRequest): string {
  const { method, url, bodyBytes } = request;
  const headers: Readonly<Record<string, string>> = {
    ...request.headers,
    "content-length": bodyBytes === 0 ? "" : String(bodyBytes),
  };
  const lines = [method, ...POSITIONED.map((name) => headers[name] ?? "")];
  const own = Object.keys(headers).filter((name) => name.startsWith("x-ms-"));
  for (const name of own.sort(compareNames)) lines.push(`${name}:${headers[name]?.trim()}`);
  lines.push(`/${account}${url.pathname}`);
  const query = [...url.searchParams].map(([name, value]) => [name.toLowerCase(), value] as const);
  // No name of ours is there twice.
  for (const [name, value] of query.sort(([a], [b]) => compareNames(a, b)))
    lines.push(`${name}:${value}`);
  return lines.join("\n");
}

/** The field `authorization` of `request`. `key`: see `importKey`. */
export async function signSharedKey(
  account: string,
  key: CryptoKey,
  request: SignedRequest,
): Promise<string> {
  const text = encodeUtf8(textToSign(account, request)) as Uint8Array<ArrayBuffer>;
  const signature = await crypto.subtle.sign("HMAC", key, text);
  return `SharedKey ${account}:${btoa(String.fromCharCode(...new Uint8Array(signature)))}`;
}

/** The key that signs, of an account's key in base64. */
export function importKey(accessKey: string): Promise<CryptoKey> {
  const bytes = Uint8Array.from(atob(accessKey), (sign) => sign.charCodeAt(0));
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/**
 * The service sorts by a culture's order rather than by code: hyphens do not count, and an underscore
 * comes before digits. It matters for user metadata, whose names may have both.
 */
function compareNames(a: string, b: string): number {
  const [keyOfA, keyOfB] = [sortKey(a), sortKey(b)];
  if (keyOfA !== keyOfB) return keyOfA < keyOfB ? -1 : 1;
  return a < b ? -1 : 1;
}

function sortKey(name: string): string {
  return name.replaceAll("-", "").replaceAll("_", "!");
}
