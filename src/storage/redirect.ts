/**
 * A storage behind a redirect: a stable URL that answers with where the repository is now.
 *
 * The URL is asked on first use, and redirects are followed by hand (at most 10) until one names
 * a storage, as `https+icechunk://host/path` does. Reading only, without credentials.
 * Spec: docs/semantics.md "Redirects". Browsers hide redirects from programs, so not there.
 */
import { makeError } from "../base/errors.ts";
import { checkOptions, functionKind } from "../base/options.ts";
import { createSingleFlight, joinFlight } from "../base/single-flight.ts";
import { httpStorage } from "./http.ts";
import type { ListEntry, Storage, StorageCapabilities } from "./port.ts";
import { READ_ONLY_CAPABILITIES, readOnly, refuseWrite } from "./read-only.ts";

/** Options of `redirectStorage`. */
export interface RedirectStorageOptions {
  /** Asks the URL, and reads where it leads. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

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
  fetch: typeof globalThis.fetch,
): Storage | undefined {
  const match = HTTP_SCHEME.exec(location);
  if (match !== null)
    return httpStorage(`${match[1]}:${location.slice(match[0].length)}`, { fetch });
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
async function resolveRedirect(url: string, fetch: typeof globalThis.fetch): Promise<Storage> {
  let at = url;
  for (let step = 0; step <= REDIRECTS_MAX; step++) {
    let response: Response;
    try {
      response = await fetch(at, { redirect: "manual" });
    } catch (cause) {
      throw badRedirect(url, `${at} cannot be reached`, {}, cause);
    }
    await response.body?.cancel();
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null)
      throw badRedirect(url, `${at} answered ${response.status}, no redirect`, {
        status: response.status,
      });
    const found = storageAt(location, url, fetch);
    if (found !== undefined) return found;
    at = new URL(location, at).href;
  }
  throw badRedirect(url, `more than ${REDIRECTS_MAX} redirects`);
}

/**
 * The storage that `url` redirects to, for reading. Nothing is asked before the first request; a
 * failure to find out (`bad-redirect`, `unimplemented`) rejects it, and the next asks again.
 * @throws {cannot-parse-url} not an http(s) URL
 */
export function redirectStorage(url: string | URL, options?: RedirectStorageOptions): Storage {
  checkOptions("redirectStorage", options, { fetch: functionKind });
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw makeError("cannot-parse-url", `redirectStorage: ${String(url)} is no http(s) URL`);
  }
  const href = new URL(url).href;
  const fetch = options?.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const flights = createSingleFlight<Storage>();
  let found: Storage | undefined;
  const target = async (signal?: AbortSignal | undefined): Promise<Storage> => {
    found ??= await joinFlight(
      flights.flight("target", async () => readOnly(await resolveRedirect(href, fetch)), signal),
      signal,
    );
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
