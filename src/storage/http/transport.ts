/**
 * How requests leave for a server: what http-request.ts needs of `fetch`, or of `node:http`
 * (node/transport.ts), which carries several times as many.
 */
import { concatBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";

/** One request, as it is sent. */
export interface TransportRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly redirect?: "follow" | "manual" | undefined;
  /** `no-store` where a browser must not keep the answer. */
  readonly cache?: "no-store" | undefined;
  readonly signal: AbortSignal;
}

/** The head of an answer, and a way to its body. */
export interface TransportAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Whether the platform hides headers: another origin's answer in a browser. */
  readonly isOpaque: boolean;
  /** Reads the body, once; `moved` is called whenever bytes come. Rejects beyond `bytesMax` bytes. */
  read(moved: () => void, bytesMax: number): Promise<Uint8Array>;
}

/** Sends a request. Rejects where no answer came, or with the signal's reason. */
export type Transport = (url: URL, request: TransportRequest) => Promise<TransportAnswer>;

/** A transport by `fetch`. */
export function fetchTransport(fetch: typeof globalThis.fetch): Transport {
  return async (url, request) => {
    const response = await fetch(url, request as RequestInit);
    const { status, headers, type } = response;
    return {
      status,
      headers,
      isOpaque: type === "cors",
      read: (moved, bytesMax) => readBody(response, moved, bytesMax),
    };
  };
}

async function readBody(
  response: Response,
  moved: () => void,
  bytesMax: number,
): Promise<Uint8Array> {
  const reader = response.body?.getReader?.();
  // Not every platform streams.
  if (reader === undefined) return new Uint8Array(await response.arrayBuffer());
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(parts);
    moved();
    length += value.length;
    if (length > bytesMax) throw tooLong(bytesMax);
    parts.push(value);
  }
}

/** Why reading ends before the body does. */
export function tooLong(bytesMax: number): Error {
  const message = `the server sent more than ${bytesMax} bytes`;
  return makeError("unexpected-response", message, { details: { bytesMax } });
}
