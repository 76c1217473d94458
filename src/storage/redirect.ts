/**
 * A storage behind a redirect: a stable URL that answers with where the repository is now.
 *
 * The URL is asked on first use, and redirects are followed by hand (at most 10) until one names
 * a storage, as `https+icechunk://host/path` does. Reading only, without credentials.
 * Spec: docs/semantics.md "Redirects". Browsers hide redirects from programs, so not there.
 */
import { makeError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { createSingleFlight, joinFlight } from "../base/single-flight.ts";
import {
  createHttpRequest,
  HTTP_REQUEST_OPTIONS,
  type HttpAnswer,
  type HttpStorageOptions,
  isPassingStatus,
} from "./http/http-request.ts";
import { httpStorage } from "./http/http-storage.ts";
import type { ListEntry, Storage, StorageCapabilities } from "./port.ts";
import { READ_ONLY_CAPABILITIES, readOnly, refuseWrite } from "./read-only.ts";
import { secretFreeUrl } from "./secret-free-url.ts";

/** Options of `redirectStorage`: how the URL is asked, and how is read where it leads. */
export interface RedirectStorageOptions extends Omit<HttpStorageOptions, "headers"> {}

const REDIRECTS_MAX = 10;
const HTTP_SCHEME = /^(https?)\+(?:icechunk|ic):/;
const LATER_SCHEMES: readonly string[] = ["s3:", "r2:", "tigris:", "gs:", "gcs:", "az:", "azure:"];

function badRedirect(from: string, reason: string, details: object = {}, cause?: unknown): Error {
  const url = secretFreeUrl(from);
  return makeError("bad-redirect", `redirect storage ${url}: ${reason}`, {
    details: { url, ...details },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Whether it can be asked: a URL without credentials, which no platform sends. */
function isWebUrl(url: string | URL, base?: URL): boolean {
  if (!URL.canParse(url, base)) return false;
  const { username, password } = new URL(url, base);
  return username === "" && password === "";
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
    const url = secretFreeUrl(base);
    throw makeError("unimplemented", `redirect storage ${url}: ${scheme} is not built yet`, {
      details: { url, scheme },
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
      answer = await request({
        url: at,
        method: "GET",
        headers: {},
        redirect: "manual",
        signal,
        isExpected: (status) => !isPassingStatus(status),
        isWanted: () => false,
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw badRedirect(url, `${secretFreeUrl(at)} cannot be reached`, {}, cause);
    }
    const { status, headers } = answer;
    const location = headers.get("location");
    if (status < 300 || status > 399 || location === null)
      throw badRedirect(url, `${secretFreeUrl(at)} answered ${status}, no redirect`, { status });
    const found = storageAt(location, url, options);
    if (found !== undefined) return found;
    if (!isWebUrl(location, at)) throw badRedirect(url, `${secretFreeUrl(at)} leads to no URL`);
    at = new URL(location, at);
  }
  throw badRedirect(url, `more than ${REDIRECTS_MAX} redirects`);
}

/**
 * The storage that `url` redirects to, for reading. Nothing is asked before the first request; a
 * failure to find out (`bad-redirect`, `unimplemented`) rejects it, and the next asks again.
 * @throws {cannot-parse-url} not an http(s) URL
 * @throws {storage-config} credentials in the URL: it would be shown, and not be sent
 */
export function redirectStorage(url: string | URL, options?: RedirectStorageOptions): Storage {
  checkOptions("redirectStorage", options, HTTP_REQUEST_OPTIONS);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    const shown = secretFreeUrl(url);
    throw makeError("cannot-parse-url", `redirectStorage: ${shown} is no http(s) URL`);
  }
  if (!isWebUrl(url)) throw makeError("storage-config", "redirectStorage: credentials in the URL");
  const { href, search } = new URL(url);
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
    uniqueVersions: false,
    userMetadata: false,
    list: false,
    lastModified: false,
  };
  return {
    id: `redirect:${secretFreeUrl(href)}`,
    get capabilities() {
      return found?.capabilities ?? unknown;
    },
    // A query may be a signature, and then the rest alone would not work elsewhere.
    describe: () => (search === "" ? { type: "redirect", url: href } : undefined),
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
