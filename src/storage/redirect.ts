/**
 * A storage behind a redirect: a stable URL that answers with where the repository is now.
 *
 * The URL is asked on first use, and redirects are followed by hand (at most 10) until one names
 * a storage, as `https+icechunk://host/path` does. Reading only, without credentials.
 * Spec: docs/semantics.md "Redirects". Browsers hide redirects from programs, so not there.
 */
import { makeError } from "../base/errors.ts";
import { createSingleFlight, joinFlight } from "../base/flight.ts";
import { checkOptions } from "../base/options.ts";
import { httpStorage } from "./http.ts";
import {
  createHttpRequest,
  HTTP_REQUEST_OPTIONS,
  type HttpAnswer,
  type HttpStorageOptions,
} from "./http-request.ts";
import type { ListEntry, Storage, StorageCapabilities } from "./port.ts";
import { READ_ONLY_CAPABILITIES, readOnly, refuseWrite } from "./read-only.ts";

/** Options of `redirectStorage`: how the URL is asked, and how is read where it leads. */
export interface RedirectStorageOptions extends Omit<HttpStorageOptions, "headers"> {}

const REDIRECTS_MAX = 10;
const HTTP_SCHEME = /^(https?)\+(?:icechunk|ic):/;
const LATER_SCHEMES: readonly string[] = ["s3:", "r2:", "tigris:", "gs:", "gcs:", "az:", "azure:"];

function badRedirect(url: string, reason: string, details: object = {}, cause?: unknown): Error {
  return makeError("bad-redirect", `redirect storage ${url}: ${reason}`, {
    details: { url, ...details },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The storage that a location names, or `undefined` if it is one more step. */
function storageAt(
  location: string,
  base: string,
  options: RedirectStorageOptions | undefined,
): Storage | undefined {
  const match = HTTP_SCHEME.exec(location);
  if (match !== null) return httpStorage(`${match[1]}:${location.slice(match[0].length)}`, options);
  const scheme = /^[a-z0-9+.-]+:/i.exec(location)?.[0].toLowerCase();
  if (scheme !== undefined && LATER_SCHEMES.includes(scheme)) {
    throw makeError("unimplemented", `redirect storage ${base}: ${scheme} is not built yet`, {
      details: { url: base, scheme },
    });
  }
  if (scheme === undefined || scheme === "http:" || scheme === "https:") return undefined;
  throw badRedirect(base, `it leads to ${scheme}, which names no storage`, { scheme });
}

/** Follows redirects from `url` until one names a storage. */
async function resolveRedirect(
  url: string,
  options: RedirectStorageOptions | undefined,
  signal: AbortSignal | undefined,
): Promise<Storage> {
  const request = createHttpRequest(options);
  let at = new URL(url);
  for (let step = 0; step <= REDIRECTS_MAX; step++) {
    let answer: HttpAnswer;
    try {
      answer = await request(at, { redirect: "manual" }, signal, () => false);
    } catch (cause) {
      signal?.throwIfAborted();
      throw badRedirect(url, `${at} cannot be reached`, {}, cause);
    }
    const { status, headers } = answer;
    const location = headers.get("location");
    if (status < 300 || status > 399 || location === null)
      throw badRedirect(url, `${at} answered ${status}, no redirect`, { status });
    const found = storageAt(location, url, options);
    if (found !== undefined) return found;
    at = new URL(location, at);
  }
  throw badRedirect(url, `more than ${REDIRECTS_MAX} redirects`);
}

/**
 * The storage that `url` redirects to, for reading. Nothing is asked before the first request; a
 * failure to find out (`bad-redirect`, `unimplemented`) rejects it, and the next asks again.
 * @throws {cannot-parse-url} not an http(s) URL
 */
export function redirectStorage(url: string | URL, options?: RedirectStorageOptions): Storage {
  checkOptions("redirectStorage", options, HTTP_REQUEST_OPTIONS);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw makeError("cannot-parse-url", `redirectStorage: ${String(url)} is no http(s) URL`);
  }
  const href = new URL(url).href;
  const flights = createSingleFlight<Storage>();
  let found: Storage | undefined;
  const resolve = async (abandoned?: AbortSignal): Promise<Storage> =>
    readOnly(await resolveRedirect(href, options, abandoned));
  const target = async (signal?: AbortSignal | undefined): Promise<Storage> => {
    found ??= await joinFlight(flights.flight("target", resolve, signal), signal);
    return found;
  };
  const unknown: StorageCapabilities = {
    ...READ_ONLY_CAPABILITIES,
    userMetadata: false,
    list: false,
    lastModified: false,
  };
  return {
    id: `redirect:${new URL(href).origin}${new URL(href).pathname}`,
    get capabilities() {
      return found?.capabilities ?? unknown;
    },
    describe: () => ({ type: "redirect", url: href }),
    close: async () => found?.close(),
    get: async (path, options) => (await target(options?.signal)).get(path, options),
    getIfChanged: async (path, version, options) =>
      (await target(options?.signal)).getIfChanged(path, version, options),
    head: async (path, options) => (await target(options?.signal)).head(path, options),
    async *list(prefix, options): AsyncGenerator<ListEntry> {
      yield* (await target(options?.signal)).list(prefix, options);
    },
    put: (path, _body, options) => refuseWrite("put", [path], options.signal),
    copy: (from, to, options) => refuseWrite("copy", [from, to], options.signal),
    delete: (paths, options) => refuseWrite("delete", paths, options?.signal),
  };
}
