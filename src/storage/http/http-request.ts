/**
 * Requests of web servers that end: each is given up when no byte has come for a while, and made
 * again where the failure may pass: 408, 429 and 5xx, and connections that fail, break or fall
 * silent. Errors name the URL without its query, which may be a signature.
 */
import type { ErrorKind } from "../../base/error-kinds.ts";
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { withIdleTimeout } from "../../base/idle-timeout.ts";
import { functionKind, integerFrom, type OptionKinds, objectWith } from "../../base/options.ts";
import { type Runtime, systemRuntime } from "../../base/runtime.ts";
import { createRequestPolicy, type RequestPolicy, requestLimits } from "../request-policy.ts";
import { fetchTransport, type Transport, type TransportAnswer } from "./transport.ts";

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

/** The longest object that can be held in one piece. */
const ANSWER_BYTES_MAX = 2 ** 32;

/** A request, and what answers it. */
export interface HttpAsk {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly redirect?: "follow" | "manual" | undefined;
  readonly cache?: "no-store" | undefined;
  readonly signal: AbortSignal | undefined;
  /** Whether a status answers the question. Default: 2xx. */
  isExpected?(status: number): boolean;
  /** Looks at the head of an expected answer, and may refuse it by throwing. Default: not that of a HEAD. */
  isWanted?(answer: HttpHead): boolean;
  /** The error that an answer of another status stands for. Default: by its status alone. */
  failed?(answer: TransportAnswer, moved: () => void): Promise<Error>;
  /** The most bytes that the body may have. */
  readonly bytesMax?: number | undefined;
}

/** The head of an answer. */
interface HttpHead {
  readonly status: number;
  readonly headers: Headers;
}

/** What a server answered. */
export interface HttpAnswer extends HttpHead {
  /** The body, as long as announced; empty if it was not wanted. */
  readonly bytes: Uint8Array;
}

/** Makes a request, several times if need be. */
export type HttpRequest = (ask: HttpAsk) => Promise<HttpAnswer>;

/** The function that makes requests as the options of `httpStorage` say. */
export function createHttpRequest(options: HttpStorageOptions = {}): HttpRequest {
  const { fetch = (input, init) => globalThis.fetch(input, init), runtime } = options;
  const policy = createRequestPolicy(runtime ?? systemRuntime(), requestLimits(options));
  const transport = fetchTransport(fetch);
  return (ask) =>
    policy.run(ask.signal, (attempts) => attemptRequest(transport, policy, ask, attempts));
}

/** One attempt at a request, the `attempts`th. */
export async function attemptRequest(
  transport: Transport,
  { runtime, limits }: RequestPolicy,
  ask: HttpAsk,
  attempts: number,
): Promise<HttpAnswer> {
  const { url, method, headers, body, redirect, cache, signal } = ask;
  const { idleTimeoutMs } = limits;
  let reason = "the connection failed";
  // Whoever repeats requests as well sees by `attempts` that this has been done.
  const passing = (details: object, cause?: unknown): Error => {
    const text = attempts > 1 ? `${reason} (attempt ${attempts})` : reason;
    return httpError("object-store", url, text, { ...details, retryable: true, attempts }, cause);
  };
  const late = (): Error => {
    reason = `no byte came for ${idleTimeoutMs} ms`;
    return passing({});
  };
  try {
    return await withIdleTimeout(runtime, idleTimeoutMs, signal, late, async (end, moved) => {
      const request = { method, headers, body, redirect, cache, signal: end };
      const answer = await transport(url, request);
      const { status } = answer;
      if (!(ask.isExpected?.(status) ?? (status >= 200 && status < 300))) {
        if (ask.failed !== undefined) throw await ask.failed(answer, moved);
        reason = `the server answered ${status}`;
        if (!isPassingStatus(status)) throw httpError("object-store", url, reason, { status });
        throw passing({ status, retryAfterMs: retryAfter(answer.headers, runtime) });
      }
      moved();
      const { headers: found, read } = answer;
      if (!(ask.isWanted?.(answer) ?? method !== "HEAD"))
        return { status, headers: found, bytes: new Uint8Array(0) };
      reason = "the connection broke";
      const bytes = await read(moved, ask.bytesMax ?? ANSWER_BYTES_MAX);
      const announced = expectedBytes(answer);
      if (bytes.length === (announced ?? bytes.length)) return { status, headers: found, bytes };
      reason = `${bytes.length} bytes came, ${announced} were announced`;
      throw passing({});
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw isIcefloeError(cause) ? cause : passing({}, cause);
  }
}

/** Whether another attempt may not meet this status. */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
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
function expectedBytes({ isOpaque, headers }: TransportAnswer): number | undefined {
  // Browsers show the length of another origin's answer and hide its encoding. They compare
  // the two themselves.
  return isOpaque ? undefined : announcedBytes(headers);
}

/** The pause that `Retry-After` asks for, in seconds or up to a date. RFC 9110 "Retry-After". */
export function retryAfter(headers: Headers, runtime: Runtime): number {
  const text = headers.get("retry-after") ?? "0";
  const seconds = Number(text);
  const pauseMs = Number.isNaN(seconds)
    ? Date.parse(text) - runtime.nowMicros() / 1000
    : seconds * 1000;
  return Math.max(pauseMs || 0, 0); // A date that is none asks for nothing.
}
