/**
 * Requests of object stores, which write too: what a failed request has done decides whether it may
 * be made again. Everything that a server says about a failure is read, bounded, and told without
 * secrets.
 */
import { isIcefloeError } from "../../base/errors.ts";
import { withIdleTimeout } from "../../base/idle-timeout.ts";
import type { RequestPolicy } from "../request-policy.ts";
import {
  attemptRequest,
  type HttpAnswer,
  type HttpAsk,
  httpError,
  isPassingStatus,
  retryAfter,
} from "./http-request.ts";
import type { Transport, TransportAnswer } from "./transport.ts";

/** Bytes of an answer's body that are read to learn why a request failed. */
const FAILURE_BYTES_MAX = 64 * 1024;

/** A request of an object store. */
export interface ObjectAsk extends Omit<HttpAsk, "headers" | "redirect" | "failed"> {
  /** Its headers, for each attempt anew: a signature holds for minutes. */
  readonly headers: () => Promise<Record<string, string>>;
  /** False: sent again only if it has certainly done nothing. Default: true. */
  readonly isRepeatable?: boolean | undefined;
  /** Whether an answer of an expected status is a failure all the same, as its body says. */
  failureOf?(answer: HttpAnswer): Failure | undefined;
}

/** What a server says about a request that failed. */
export interface Failure {
  /** The server's own name of the failure, such as `SlowDown`. */
  readonly code?: string | undefined;
  /** A clause for the message, without secrets. */
  readonly reason?: string | undefined;
  /** It has done nothing, and may be asked again, whatever the status says. */
  readonly isPassing?: boolean | undefined;
}

/** What requests of an object store are made with. */
interface ObjectRequestParts {
  readonly transport: Transport;
  readonly policy: RequestPolicy;
  /** Most time from the first attempt to the end of the last. Default: none. */
  readonly operationTimeoutMs?: number | undefined;
  /** Most time of an attempt. Default: as long as bytes come. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Reads what the server says about a failure. */
  explain(answer: HttpAnswer): Failure;
}

/** Makes a request of an object store, several times if need be. */
export type ObjectRequest = (ask: ObjectAsk) => Promise<HttpAnswer>;

/** The function that makes requests with `parts`. */
export function objectRequests(parts: ObjectRequestParts): ObjectRequest {
  const { transport, policy, attemptTimeoutMs, operationTimeoutMs } = parts;
  const { runtime } = policy;
  return (ask) => {
    const startMicros = runtime.nowMicros();
    return policy.run(ask.signal, async (attempts) => {
      const spentMs = (runtime.nowMicros() - startMicros) / 1000;
      const leftMs = (operationTimeoutMs ?? Number.POSITIVE_INFINITY) - spentMs;
      if (leftMs <= 0) {
        const reason = `it took more than ${operationTimeoutMs} ms`;
        throw httpError("object-store", ask.url, reason, { attempts });
      }
      const timeoutMs = Math.min(attemptTimeoutMs ?? Number.POSITIVE_INFINITY, leftMs);
      try {
        const plain: Omit<HttpAsk, "signal"> = {
          ...ask,
          headers: await ask.headers(),
          redirect: "manual", // Credentials go nowhere but where they were meant for.
          failed: async (head, moved) =>
            failed(parts, ask, attempts, await readFailure(head, moved)),
        };
        const answer = await withinTime(parts, ask, timeoutMs, attempts, (signal) =>
          attemptRequest(transport, policy, { ...plain, signal }, attempts),
        );
        const failure = ask.failureOf?.(answer);
        if (failure !== undefined) throw failed(parts, ask, attempts, answer, failure);
        return answer;
      } catch (error) {
        throw fateOf(ask, error);
      }
    });
  };
}

/** Runs an attempt, which may take `timeoutMs`. */
function withinTime<T>(
  { policy }: ObjectRequestParts,
  { url, signal }: ObjectAsk,
  timeoutMs: number,
  attempts: number,
  attempt: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (timeoutMs === Number.POSITIVE_INFINITY) return attempt(signal);
  const late = (): Error =>
    httpError("object-store", url, `an attempt took more than ${timeoutMs} ms`, {
      retryable: true,
      attempts,
    });
  return withIdleTimeout(policy.runtime, timeoutMs, signal, late, attempt);
}

/** A failure, as far as it can be read: what cannot explains nothing, and the status stands. */
async function readFailure(answer: TransportAnswer, moved: () => void): Promise<HttpAnswer> {
  const { status, headers } = answer;
  const bytes = await answer.read(moved, FAILURE_BYTES_MAX).catch(() => new Uint8Array(0));
  return { status, headers, bytes };
}

/** The error of a request that was not answered, or not in full. */
function fateOf(ask: ObjectAsk, error: unknown): unknown {
  if (!isIcefloeError(error, "object-store") || error.details["retryable"] !== true) return error;
  // An answer has been judged already: see `failed`.
  const isLost = error.details["status"] === undefined;
  if (!isLost || ask.isRepeatable !== false || isUnsent(error.cause)) return error;
  const { message, details, cause } = error;
  return httpError("unknown-outcome", ask.url, message.replace(/^.*?: /, ""), details, cause);
}

/** The error that an answer stands for. */
function failed(
  { policy, explain }: ObjectRequestParts,
  ask: ObjectAsk,
  attempts: number,
  answer: HttpAnswer,
  failure: Failure = explain(answer),
): Error {
  const { status, headers } = answer;
  const { code, reason, isPassing = false } = failure;
  const clauses = [code, reason].filter((clause) => clause !== undefined);
  const said = clauses.length === 0 ? "" : ` (${clauses.join(": ")})`;
  const tried = attempts > 1 ? ` (attempt ${attempts})` : "";
  const text = `the server answered ${status}${said}${tried}`;
  const details = { status, ...(code === undefined ? {} : { code }), attempts };
  const isUnclear = isPassingStatus(status) || (status >= 200 && status < 300);
  if (!isUnclear && !isPassing) return httpError("object-store", ask.url, text, details);
  const retryAfterMs = retryAfter(headers, policy.runtime);
  // A server that refuses for its load has not begun; one that fails may have ended.
  const isCertain = isPassing || status === 429;
  if (ask.isRepeatable === false && !isCertain)
    return httpError("unknown-outcome", ask.url, text, details);
  return httpError("object-store", ask.url, text, { ...details, retryable: true, retryAfterMs });
}

/** What systems call a connection that has not come about: nothing was sent. */
const UNSENT: readonly unknown[] = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
];

/** Whether a request has certainly not left. `fetch` tells it in the cause of its error. */
function isUnsent(error: unknown): boolean {
  const { code, syscall, cause } = (error ?? {}) as Readonly<Record<string, unknown>>;
  if (UNSENT.includes(code) || (code === "ETIMEDOUT" && syscall === "connect")) return true;
  return cause !== undefined && cause !== error && isUnsent(cause);
}
