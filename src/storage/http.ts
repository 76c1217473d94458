/**
 * Objects of a web server, for reading: one `fetch` per request, no listing, no writing.
 *
 * Only 404 and 410 are absent; 403 is not. Every answer is measured against what was asked: a
 * server that ignores a range is cut to it, one that sends another range or another length than
 * it announced is refused. 408, 429 and 5xx, and failures of the connection, are retryable.
 */
import { makeError } from "../base/errors.ts";
import {
  type Abortable,
  anything,
  checkOptions,
  functionKind,
  isPlainObject,
} from "../base/options.ts";
import type { Runtime } from "../base/runtime.ts";
import { checkByteRange, resolveByteRange } from "./byte-range.ts";
import { checkObjectPath, isWriteOncePath } from "./object-path.ts";
import type {
  ByteRange,
  GetOptions,
  ListEntry,
  ObjectInfo,
  ObjectVersion,
  Storage,
  StorageCapabilities,
  StorageHint,
  StoredObject,
} from "./port.ts";
import { READ_ONLY_CAPABILITIES, refuseWrite } from "./read-only.ts";

/** Options of `httpStorage`. */
export interface HttpStorageOptions {
  /** Sent with every request. They may be secrets: `describe()` leaves them out. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Makes the requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Accepted everywhere; this backend needs no clock. */
  readonly runtime?: Runtime | undefined;
}

const CAPABILITIES: StorageCapabilities = Object.freeze({
  ...READ_ONLY_CAPABILITIES,
  userMetadata: false,
  list: false,
  lastModified: false, // Many servers do not send it; `head` reports it where they do.
});

const ABSENT: readonly number[] = [404, 410];
const MESSAGE_CHARACTERS_MAX = 200;

/** The base URL with a slash at its end, so that paths are appended to it. */
function parseBaseUrl(baseUrl: string | URL): URL {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch (cause) {
    throw makeError("cannot-parse-url", `httpStorage: ${String(baseUrl)} is no URL`, { cause });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw makeError("cannot-parse-url", `httpStorage: ${url.protocol} is not http: or https:`, {
      details: { protocol: url.protocol },
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw makeError("storage-config", "httpStorage: put credentials into headers, not the URL");
  }
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/**
 * The objects below `baseUrl`, for reading.
 * @throws {cannot-parse-url} not an http(s) URL
 * @throws {storage-config} credentials in the URL: headers are for those
 */
export function httpStorage(baseUrl: string | URL, options?: HttpStorageOptions): Storage {
  checkOptions("httpStorage", options, {
    headers: anything,
    fetch: functionKind,
    runtime: anything,
  });
  // Not by `checkOption`, which would repeat what was given: headers hold credentials.
  if (options?.headers !== undefined && !isPlainObject(options.headers))
    throw makeError("invalid-option", "httpStorage: headers must be a plain object");
  return new HttpStorage(
    parseBaseUrl(baseUrl),
    { ...options?.headers },
    options?.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  );
}

class HttpStorage implements Storage {
  readonly id: string;
  readonly capabilities: StorageCapabilities = CAPABILITIES;
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof globalThis.fetch;

  constructor(
    base: URL,
    headers: Readonly<Record<string, string>>,
    fetch: typeof globalThis.fetch,
  ) {
    this.id = `${base.origin}${base.pathname}`; // The query may hold a token.
    this.#base = base;
    this.#headers = headers;
    this.#fetch = fetch;
  }

  describe(): StorageHint | undefined {
    // A query may be a signature, and then the rest alone would not work elsewhere.
    return this.#base.search === "" ? { type: "http", url: this.#base.href } : undefined;
  }

  /** One request; 404 and 410 are `undefined`, other failures are thrown. */
  async #ask(
    method: "GET" | "HEAD",
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Response | undefined> {
    checkObjectPath(path);
    signal?.throwIfAborted();
    const url = new URL(this.#base);
    url.pathname += path.split("/").map(encodeURIComponent).join("/");
    let response: Response;
    try {
      response = await this.#fetch(url, {
        method,
        // Ranges count bytes of the object itself. Browsers do not let this be set, nor need it.
        headers: { "accept-encoding": "identity", ...this.#headers, ...headers },
        ...(isWriteOncePath(path) ? {} : { cache: "no-store" as const }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw this.#failure(path, "the connection failed", { retryable: true }, cause);
    }
    if (response.ok || response.status === 304 || response.status === 416) return response;
    await response.body?.cancel();
    if (ABSENT.includes(response.status)) return undefined;
    const { status } = response;
    const retryable = status === 408 || status === 429 || status >= 500;
    throw this.#failure(path, `the server answered ${status}`, { status, retryable });
  }

  #failure(path: string, reason: string, details: object, cause?: unknown): Error {
    const message = `request for ${path} from ${this.id}: ${reason}`;
    return makeError("object-store", message.slice(0, MESSAGE_CHARACTERS_MAX), {
      details: { path, storage: this.id, ...details },
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** The whole body, checked against the length that the server announced. */
  async #body(path: string, response: Response, signal?: AbortSignal): Promise<Uint8Array> {
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(await response.arrayBuffer());
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw this.#failure(path, "the connection broke", { retryable: true }, cause);
    }
    const announced = response.headers.get("content-length");
    // With a content encoding the length is that of the encoded body, which fetch has decoded.
    const isEncoded = (response.headers.get("content-encoding") ?? "identity") !== "identity";
    if (announced === null || isEncoded || Number(announced) === bytes.length) return bytes;
    throw this.#failure(path, `${bytes.length} bytes came, ${announced} were announced`, {
      expectedBytes: Number(announced),
      foundBytes: bytes.length,
      retryable: true,
    });
  }

  async get(path: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const { range, signal } = options;
    if (range === undefined) return this.#getWhole(path, {}, signal);
    checkByteRange(range, path);
    // HTTP has no empty ranges: the object's size decides what they mean.
    const isEmpty = "suffix" in range ? range.suffix === 0 : range.start === range.end;
    if (isEmpty) return this.#getNothing(path, range, signal);
    const value =
      "suffix" in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end - 1}`;
    const response = await this.#ask("GET", path, { range: value }, signal);
    if (response === undefined) return undefined;
    if (response.status === 416) {
      await response.body?.cancel();
      return this.#getNothing(path, range, signal);
    }
    const bytes = await this.#body(path, response, signal);
    const version = versionOf(response);
    if (response.status === 206)
      return { bytes: this.#checkPart(path, range, response, bytes), version };
    const { start, end } = resolveByteRange(range, bytes.length, path);
    return { bytes: bytes.slice(start, end), version };
  }

  async #getWhole(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<StoredObject | undefined> {
    const response = await this.#ask("GET", path, headers, signal);
    if (response === undefined) return undefined;
    const { status } = response;
    if (status !== 200) {
      await response.body?.cancel();
      throw this.#failure(path, `the server answered ${status} to a plain request`, { status });
    }
    return { bytes: await this.#body(path, response, signal), version: versionOf(response) };
  }

  /** An empty part: what is left to learn is whether the object is there and how long it is. */
  async #getNothing(
    path: string,
    range: ByteRange,
    signal: AbortSignal | undefined,
  ): Promise<StoredObject | undefined> {
    const info = await this.head(path, { signal });
    if (info === undefined) return undefined;
    const { start, end } = resolveByteRange(range, info.sizeBytes, path);
    if (start === end) return { bytes: new Uint8Array(0), version: info.version };
    throw this.#failure(path, `the server refused bytes [${start}, ${end})`, { status: 416 });
  }

  /** The bytes of a 206 answer, if they are the ones asked for. */
  #checkPart(path: string, range: ByteRange, response: Response, bytes: Uint8Array): Uint8Array {
    const header = response.headers.get("content-range");
    const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header ?? "");
    const wrong = (): never => {
      throw this.#failure(path, `the server sent range ${header} (${bytes.length} bytes)`, {
        range: { ...range },
        contentRange: header,
        foundBytes: bytes.length,
      });
    };
    // Servers of other origins may hide the header from browsers: then the length must do.
    const start = match ? Number(match[1]) : "start" in range ? range.start : 0;
    const end = match ? Number(match[2]) + 1 : start + bytes.length;
    if (header !== null && match === null) wrong();
    if (end - start !== bytes.length) wrong();
    if ("suffix" in range) {
      if (bytes.length > range.suffix) wrong();
      if (match && match[3] !== "*") {
        const expected = resolveByteRange(range, Number(match[3]), path);
        if (start !== expected.start || end !== expected.end) wrong();
      }
      return bytes;
    }
    if (start !== range.start || end > range.end) wrong();
    // A server may end early where the object does; then the range reached past its end.
    if (end < range.end)
      resolveByteRange(range, match && match[3] !== "*" ? Number(match[3]) : end, path);
    if (end < range.end) wrong();
    return bytes;
  }

  async getIfChanged(
    path: string,
    version: ObjectVersion,
    options: Abortable = {},
  ): Promise<StoredObject | "unchanged" | undefined> {
    const headers: Record<string, string> = {};
    // A weak etag is good enough here: this comparison is weak by definition (RFC 9110
    // "If-None-Match").
    if (version.etag !== undefined) headers["if-none-match"] = version.etag;
    else if (version.generation !== undefined) headers["if-modified-since"] = version.generation;
    const response = await this.#ask("GET", path, headers, options.signal);
    if (response === undefined) return undefined;
    const { status } = response;
    if (status === 304) return "unchanged";
    if (status !== 200) {
      await response.body?.cancel();
      throw this.#failure(path, `the server answered ${status}`, { status });
    }
    const found = versionOf(response);
    if (isNamed(found) && found.etag === version.etag && found.generation === version.generation) {
      await response.body?.cancel();
      return "unchanged"; // The server ignores conditions.
    }
    return { bytes: await this.#body(path, response, options.signal), version: found };
  }

  async head(path: string, options: Abortable = {}): Promise<ObjectInfo | undefined> {
    const response = await this.#ask("HEAD", path, {}, options.signal);
    if (response === undefined) return undefined;
    const modified = response.headers.get("last-modified");
    const length = response.headers.get("content-length");
    const isEncoded = (response.headers.get("content-encoding") ?? "identity") !== "identity";
    const common = {
      version: versionOf(response),
      metadata: {},
      ...(modified === null ? {} : { lastModified: new Date(modified) }),
    };
    if (length !== null && !isEncoded) return { sizeBytes: Number(length), ...common };
    // A server that compresses or streams does not say how long the object is.
    const whole = await this.#getWhole(path, {}, options.signal);
    return whole && { ...common, sizeBytes: whole.bytes.length };
  }

  // biome-ignore lint/correctness/useYield: it refuses when it is iterated, like every listing.
  async *list(prefix: string, options: Abortable = {}): AsyncGenerator<ListEntry> {
    options.signal?.throwIfAborted();
    throw makeError("unimplemented", `list of ${prefix} from ${this.id}: HTTP has no listings`, {
      details: { path: prefix, storage: this.id },
    });
  }

  put(path: string, _body: Uint8Array, options: Abortable): Promise<never> {
    return refuseWrite("put", [path], options.signal);
  }

  copy(from: string, to: string, options: Abortable): Promise<never> {
    return refuseWrite("copy", [from, to], options.signal);
  }

  delete(paths: readonly string[], options: Abortable = {}): Promise<never> {
    return refuseWrite("delete", paths, options.signal);
  }

  async close(): Promise<void> {}
}

function isNamed(version: ObjectVersion): boolean {
  return version.etag !== undefined || version.generation !== undefined;
}

/** The etag, weak or strong, as the server wrote it; else the modification time. */
function versionOf(response: Response): ObjectVersion {
  const etag = response.headers.get("etag");
  if (etag !== null) return { etag };
  const modified = response.headers.get("last-modified");
  return modified === null ? {} : { generation: modified };
}
