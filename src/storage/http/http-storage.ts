/**
 * Objects of a web server, for reading: no listing, no writing.
 *
 * Only 404 and 410 are absent; 403 is not, nor is a web page that stands in for what is missing.
 * Every answer is measured against what was asked: a server that ignores a range is cut to it, one
 * that sends another range or another length than it announced is refused. How requests are
 * repeated and given up: http-request.ts.
 */
import type { ErrorKind } from "../../base/error-kinds.ts";
import { makeError } from "../../base/errors.ts";
import {
  type Abortable,
  anything,
  checkOptions,
  describe,
  isPlainObject,
} from "../../base/options.ts";
import { checkObjectPath, isWriteOncePath } from "../object-path.ts";
import type {
  GetOptions,
  ListEntry,
  ObjectInfo,
  ObjectVersion,
  Storage,
  StorageCapabilities,
  StorageHint,
  StoredObject,
} from "../port.ts";
import { READ_ONLY_CAPABILITIES, refuseWrite } from "../read-only.ts";
import { secretFreeUrl } from "../secret-free-url.ts";
import { getObject, type ObjectReader } from "./get-object.ts";
import {
  announcedBytes,
  createHttpRequest,
  HTTP_REQUEST_OPTIONS,
  type HttpAnswer,
  type HttpRequest,
  type HttpStorageOptions,
  httpError,
} from "./http-request.ts";

const CAPABILITIES: StorageCapabilities = Object.freeze({
  ...READ_ONLY_CAPABILITIES,
  uniqueVersions: false,
  userMetadata: false,
  list: false,
  lastModified: false, // Many servers do not send it; `head` reports it where they do.
});

const ABSENT: readonly number[] = [404, 410];

/** The base URL with a slash at its end, so that paths are appended to it. */
function parseBaseUrl(baseUrl: string | URL): URL {
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    const shown = secretFreeUrl(baseUrl);
    throw makeError("cannot-parse-url", `httpStorage: ${shown} is no http(s) URL`);
  }
  const url = new URL(baseUrl);
  if (url.username !== "" || url.password !== "") {
    throw makeError("storage-config", "httpStorage: put credentials into headers, not the URL");
  }
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/**
 * The objects below `baseUrl`, for reading. A request that fails for a passing reason (408, 429,
 * 5xx, a connection that fails, breaks or falls silent) is repeated with growing pauses, or after
 * the pause that the server asks for (`Retry-After`, up to 30 s); `withRetry` around it repeats
 * nothing again. In the end it is an `object-store` error, like any other answer but 404 and 410
 * at once; a web page, or a range that was not asked for, is an `unexpected-response`.
 * @throws {cannot-parse-url} not an http(s) URL
 * @throws {storage-config} credentials in the URL: headers are for those
 * @throws {invalid-option} a wrong option
 */
export function httpStorage(baseUrl: string | URL, options?: HttpStorageOptions): Storage {
  checkOptions("httpStorage", options, { headers: anything, ...HTTP_REQUEST_OPTIONS });
  // Not by `checkOption`, which would repeat what was given: headers hold credentials.
  if (options?.headers !== undefined && !isPlainObject(options.headers))
    throw makeError("invalid-option", "httpStorage: headers must be a plain object");
  return new HttpStorage(
    parseBaseUrl(baseUrl),
    { ...options?.headers },
    createHttpRequest(options),
  );
}

class HttpStorage implements Storage {
  readonly id: string;
  readonly capabilities: StorageCapabilities = CAPABILITIES;
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #request: HttpRequest;
  readonly #reader: ObjectReader;

  constructor(base: URL, headers: Readonly<Record<string, string>>, request: HttpRequest) {
    this.id = `${base.origin}${base.pathname}`; // The query may hold a token.
    this.#base = base;
    this.#headers = headers;
    this.#request = request;
    this.#reader = {
      ask: (path, range, signal) =>
        range === undefined
          ? this.#askWhole(path, {}, signal)
          : this.#ask("GET", path, { range }, signal),
      head: (path, signal) => this.head(path, { signal }),
      versionOf,
      refuse: (path, reason, details, kind) => this.#refuse(path, reason, details, kind),
    };
  }

  describe(): StorageHint | undefined {
    // A query may be a signature, and then the rest alone would not work elsewhere.
    return this.#base.search === "" ? { type: "http", url: this.#base.href } : undefined;
  }

  #url(path: string): URL {
    const url = new URL(this.#base);
    url.pathname += path.split("/").map(encodeURIComponent).join("/");
    return url;
  }

  /**
   * An answer of status 2xx, 304 to a condition, or 416 to a range; 404 and 410 are `undefined`, all
   * others thrown.
   */
  async #ask(
    method: "GET" | "HEAD",
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
    isWanted: (headers: Headers) => boolean = () => true,
  ): Promise<HttpAnswer | undefined> {
    checkObjectPath(path);
    signal?.throwIfAborted();
    const url = this.#url(path);
    const bodiless = [...ABSENT, ...bodilessAnswersTo(headers)];
    const answer = await this.#request({
      url,
      method,
      // Ranges count bytes of the object itself. Browsers do not let this be set, nor need it.
      headers: { "accept-encoding": "identity", ...this.#headers, ...headers },
      cache: isWriteOncePath(path) ? undefined : "no-store",
      signal,
      isExpected: (status) => bodiless.includes(status) || (status >= 200 && status < 300),
      isWanted: ({ status, headers: found }) => {
        if (bodiless.includes(status)) return false;
        const contentType = found.get("content-type") ?? "";
        if (!/html/i.test(contentType)) return method === "GET" && isWanted(found);
        const reason = `the server answered ${status} with a web page (${describe(contentType)})`;
        throw httpError("unexpected-response", url, reason, { status, contentType });
      },
    });
    return ABSENT.includes(answer.status) ? undefined : answer;
  }

  /** Refuses an answer that does not fit what was asked. */
  #refuse(
    path: string,
    reason: string,
    details: object,
    kind: ErrorKind = "unexpected-response",
  ): never {
    throw httpError(kind, this.#url(path), reason, details);
  }

  /** An answer of status 200 to a request for the whole object, or 304. */
  async #askWhole(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
    isWanted?: (headers: Headers) => boolean,
  ): Promise<HttpAnswer | undefined> {
    const answer = await this.#ask("GET", path, headers, signal, isWanted);
    const status = answer?.status ?? 200;
    if (status === 200 || status === 304) return answer;
    return this.#refuse(path, `the server answered ${status} to a plain request`, { status });
  }

  get(path: string, options?: GetOptions): Promise<StoredObject | undefined> {
    return getObject(this.#reader, path, options);
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
    const isOther = (found: ObjectVersion): boolean =>
      !isNamed(found) || found.etag !== version.etag || found.generation !== version.generation;
    const answer = await this.#askWhole(path, headers, options.signal, (found) =>
      isOther(versionOf(found)),
    );
    if (answer === undefined) return undefined;
    const found = versionOf(answer.headers);
    if (answer.status === 304 || !isOther(found)) return "unchanged"; // Or it ignores conditions.
    return { bytes: answer.bytes, version: found };
  }

  async head(path: string, options: Abortable = {}): Promise<ObjectInfo | undefined> {
    const answer = await this.#ask("HEAD", path, {}, options.signal);
    if (answer === undefined) return undefined;
    const modified = answer.headers.get("last-modified");
    const sizeBytes = announcedBytes(answer.headers);
    const common = {
      version: versionOf(answer.headers),
      metadata: {},
      ...(modified === null ? {} : { lastModified: new Date(modified) }),
    };
    if (sizeBytes !== undefined) return { sizeBytes, ...common };
    // A server that compresses or streams does not say how long the object is.
    const whole = await this.#askWhole(path, {}, options.signal);
    return whole && { ...common, sizeBytes: whole.bytes.length };
  }

  // biome-ignore lint/correctness/useYield: it refuses when it is iterated, like every listing.
  async *list(prefix: string, options: Abortable = {}): AsyncGenerator<ListEntry> {
    options.signal?.throwIfAborted();
    throw makeError("unimplemented", `list of ${prefix} from ${this.id}: HTTP has no listings`);
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

/** Statuses without a body that only such a request is answered with. */
function bodilessAnswersTo(headers: Readonly<Record<string, string>>): number[] {
  if ("range" in headers) return [416];
  return "if-none-match" in headers || "if-modified-since" in headers ? [304] : [];
}

function isNamed(version: ObjectVersion): boolean {
  return version.etag !== undefined || version.generation !== undefined;
}

/**
 * The etag, weak or strong, as the server wrote it; else the modification time, once its second is
 * over: until then another state may get the same one (RFC 9110 "Last-Modified", "Comparison").
 */
function versionOf(headers: Headers): ObjectVersion {
  const etag = headers.get("etag");
  if (etag !== null) return { etag };
  const modified = headers.get("last-modified");
  if (modified === null) return {};
  const ageMs = Date.parse(headers.get("date") ?? "") - Date.parse(modified);
  return ageMs >= 1000 ? { generation: modified } : {};
}
