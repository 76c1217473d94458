/**
 * Requests of web servers that end: each is given up when no byte has come for a while, and made
 * again where the failure may pass: 408, 429 and 5xx, and connections that fail, break or fall
 * silent. Errors name the URL without its query, which may be a signature.
 */
import { concatBytes } from "../base/bytes.ts";
import type { ErrorKind } from "../base/error-kinds.ts";
import { isIcefloeError, makeError } from "../base/errors.ts";
import { withIdleTimeout } from "../base/idle-timeout.ts";
import { functionKind, integerFrom, type OptionKinds, objectWith } from "../base/options.ts";
import { isTransient, repeat } from "../base/retry.ts";
import { type Runtime, systemRuntime } from "../base/runtime.ts";

/** Options of `httpStorage`. */
export interface HttpStorageOptions {
  /** Sent with every request. They may be secrets: `describe()` leaves them out. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Makes the requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Clock, sleep and the randomness of pauses. Default: the system's. */
  readonly runtime?: Runtime | undefined;
  /** How often a request is made at most, the first included. Default 5. */
  readonly attemptsMax?: number | undefined;
  /** How long a request may go without a byte: it is given up then. Default 30,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long after the first attempt of a request others may begin. Default 60,000. */
  readonly totalTimeoutMs?: number | undefined;
}

const count = integerFrom(1, 2 ** 31 - 1); // Longer timers end at once.

/** What they may be, `headers` aside. */
export const HTTP_REQUEST_OPTIONS: OptionKinds = {
  fetch: functionKind,
  runtime: objectWith("sleep", "a Runtime"),
  attemptsMax: count,
  idleTimeoutMs: count,
  totalTimeoutMs: count,
};

const BACKOFF = { initialBackoffMs: 100, maxBackoffMs: 30_000 };

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, as long as announced; empty if it was not wanted. */
  readonly bytes: Uint8Array;
}

/**
 * Makes a request, several times if need be. `isWanted` looks at the answer before its body is
 * read, and may refuse it by throwing.
 */
export type HttpRequest = (
  url: URL,
  init: RequestInit,
  signal: AbortSignal | undefined,
  isWanted: (response: Response) => boolean,
) => Promise<HttpAnswer>;

/** The function that makes requests as `options` say. */
export function createHttpRequest(options: HttpStorageOptions = {}): HttpRequest {
  const {
    fetch = (input, init) => globalThis.fetch(input, init),
    runtime = systemRuntime(),
    attemptsMax = 5,
    idleTimeoutMs = 30_000,
    totalTimeoutMs = 60_000,
  } = options;
  const policy = { ...BACKOFF, attemptsMax, totalTimeoutMs };
  return (url, init, signal, isWanted) =>
    repeat(runtime, policy, signal, isTransient, async (attempts) => {
      let reason = "the connection failed";
      // Whoever repeats requests as well sees by `attempts` that this has been done.
      const passing = (details: object, cause?: unknown): Error => {
        const text = attempts > 1 ? `${reason} (attempt ${attempts})` : reason;
        return httpError(
          "object-store",
          url,
          text,
          { ...details, retryable: true, attempts },
          cause,
        );
      };
      const late = (): Error => {
        reason = `no byte came for ${idleTimeoutMs} ms`;
        return passing({});
      };
      try {
        return await withIdleTimeout(runtime, idleTimeoutMs, signal, late, async (end, moved) => {
          const response = await fetch(url, { ...init, signal: end });
          const { status, headers } = response;
          if (status === 408 || status === 429 || (status >= 500 && status !== 501)) {
            reason = `the server answered ${status}`;
            throw passing({ status, retryAfterMs: retryAfter(headers, runtime) });
          }
          moved();
          const isRead = isWanted(response);
          reason = "the connection broke";
          const bytes = isRead ? await readBody(response, moved) : new Uint8Array(0);
          const announced = isRead ? expectedBytes(response) : undefined;
          if (bytes.length === (announced ?? bytes.length)) return { status, headers, bytes };
          reason = `${bytes.length} bytes came, ${announced} were announced`;
          throw passing({});
        });
      } catch (cause) {
        signal?.throwIfAborted();
        throw isIcefloeError(cause) ? cause : passing({}, cause);
      }
    });
}

/** An error of a request. */
export function httpError(
  kind: ErrorKind,
  { origin, pathname }: URL,
  reason: string,
  details: object,
  cause?: unknown,
): Error {
  const url = `${origin}${pathname}`;
  return makeError(kind, `${url}: ${reason}`, {
    details: { url, ...details },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** How long the object is that comes, if the server says so. */
export function announcedBytes(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  // With a content encoding it is the length of the encoded body, which fetch decodes.
  const isEncoded = (headers.get("content-encoding") ?? "identity") !== "identity";
  return length === null || isEncoded ? undefined : Number(length);
}

/** How long the body must be, as far as is known. */
function expectedBytes({ type, headers }: Response): number | undefined {
  // Browsers show the length of another origin's answer and hide its encoding. They compare
  // the two themselves.
  return type === "cors" ? undefined : announcedBytes(headers);
}

/** The pause that `Retry-After` asks for, in seconds or up to a date. RFC 9110 "Retry-After". */
function retryAfter(headers: Headers, runtime: Runtime): number {
  const text = headers.get("retry-after") ?? "0";
  const seconds = Number(text);
  const pauseMs = Number.isNaN(seconds)
    ? Date.parse(text) - runtime.nowMicros() / 1000
    : seconds * 1000;
  return Math.max(pauseMs || 0, 0); // A date that is none asks for nothing.
}

async function readBody(response: Response, moved: () => void): Promise<Uint8Array> {
  const reader = response.body?.getReader?.();
  // Not every platform streams.
  if (reader === undefined) return new Uint8Array(await response.arrayBuffer());
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(parts);
    moved();
    parts.push(value);
  }
}
