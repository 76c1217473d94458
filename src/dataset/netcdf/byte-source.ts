/**
 * Random access to the bytes of a file: in memory, a Blob, or a URL by range requests. Sizes and
 * reads are exact: a source that gives fewer bytes than asked for is an error, never padding.
 */
import { makeError } from "../../base/errors.ts";

/** A file whose bytes can be read in any order. */
export interface ByteSource {
  /** Names the file in messages. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Bytes `start` to `end`, inside the file; owned by the caller. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Releases what is held; reading afterwards fails. */
  close(): Promise<void>;
}

/** The first bytes of a file, in the first request to a URL. */
const FIRST_BYTES = 65_536;

/** A source over bytes, which are copied. */
export function bytesSource(bytes: Uint8Array, name = "NetCDF bytes"): ByteSource {
  const content = bytes.slice();
  return {
    name,
    sizeBytes: content.length,
    read: async (start, end) => content.slice(start, end),
    close: async () => undefined,
  };
}

/** A source over a Blob or File. */
export function blobSource(blob: Blob): ByteSource {
  const { name } = blob as { name?: unknown };
  return {
    name: typeof name === "string" ? name : "NetCDF blob",
    sizeBytes: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
    close: async () => undefined,
  };
}

/** How a URL is read. */
interface UrlSourceOptions {
  readonly fetch?: typeof fetch | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A source over a URL. One request learns the size; a server without range support sends the whole
 * file, which is then kept. A file that changes between requests (another ETag or size) is refused.
 * @throws {io} the server refuses or sends something else than asked for
 */
export async function urlSource(url: URL, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const get = options.fetch ?? fetch;
  const name = nameOf(url);
  const first = await request(get, url, 0, FIRST_BYTES, options.signal);
  if (first.status === 200) return bytesSource(await bodyOf(url, first, options.signal), name);
  const total = totalOf(first);
  if (first.status !== 206 || total === undefined) throw await refused(url, first);
  const etag = first.headers.get("etag");
  const head = await bodyOf(url, first, options.signal);
  const read = async (start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> => {
    if (end <= head.length) return head.slice(start, end);
    if (start === end) return new Uint8Array(0);
    const response = await request(get, url, start, end, signal);
    const isSame = totalOf(response) === total && response.headers.get("etag") === etag;
    if (response.status !== 206 || !isSame) throw await refused(url, response);
    const bytes = await bodyOf(url, response, signal);
    if (bytes.length === end - start) return bytes;
    throw makeError("io", `${name}: bytes ${start} to ${end}: got ${bytes.length} bytes`, {
      details: { start, end, received: bytes.length },
    });
  };
  return { name, sizeBytes: total, read, close: async () => undefined };
}

// Query and user info may hold secrets: they never reach a message.
function nameOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function request(
  get: typeof fetch,
  url: URL,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const headers = { range: `bytes=${start}-${end - 1}` };
  try {
    return await get(url, { headers, ...(signal === undefined ? {} : { signal }) });
  } catch (cause) {
    signal?.throwIfAborted();
    throw makeError("io", `cannot fetch ${nameOf(url)}`, {
      details: { url: nameOf(url), start, end },
      cause,
    });
  }
}

async function bodyOf(
  url: URL,
  response: Response,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    signal?.throwIfAborted();
    throw makeError("io", `${nameOf(url)}: the answer broke off`, {
      details: { url: nameOf(url), status: response.status },
      cause,
    });
  }
}

function totalOf(response: Response): number | undefined {
  const match = /^bytes \d+-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return match === null ? undefined : Number(match[1]);
}

/** The error that says so; what else would come is not waited for. */
async function refused(url: URL, response: Response): Promise<Error> {
  await response.body?.cancel();
  const range = response.headers.get("content-range");
  return makeError(
    "io",
    `${nameOf(url)}: expected a part of the same file, got HTTP ${response.status}${range === null ? "" : ` with ${range}`}`,
    { details: { url: nameOf(url), status: response.status } },
  );
}
