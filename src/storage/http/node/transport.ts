/**
 * Requests by Node's own `http`, over connections that are kept: measured, it carries several times
 * as many small requests as `fetch`. Elsewhere there is none, and `fetch` is the platform's best.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { concatBytes } from "../../../base/bytes.ts";
import { onAbort } from "../../../base/on-abort.ts";
import type { Runtime } from "../../../base/runtime.ts";
import {
  type Transport,
  type TransportAnswer,
  type TransportRequest,
  tooLong,
} from "../transport.ts";

type Http = typeof import("node:http");
type Https = typeof import("node:https");

/** Connections that are kept until they are closed. */
interface NodeTransport {
  /** Sends requests; `connectTimeoutMs`: how long a connection may take to come about. */
  sender(connectTimeoutMs: number | undefined): Transport;
  /** Ends the connections, idle ones and those in use. */
  close(): void;
}

/** Longer answers go on growing their buffer only as bytes really come. */
const PREALLOCATED_BYTES_MAX = 64 * 1024 * 1024;

/** The transport, on Node alone: Deno and Bun have a `fetch` that is as fast. */
export function nodeTransport(runtime: Runtime): NodeTransport | undefined {
  const { process } = globalThis as {
    process?: {
      versions?: { node?: string; bun?: string; deno?: string };
      getBuiltinModule?: (name: string) => unknown;
    };
  };
  const { node, bun, deno } = process?.versions ?? {};
  if (node === undefined || (bun ?? deno) !== undefined) return undefined;
  const http = process?.getBuiltinModule?.("node:http") as Http | undefined;
  const https = process?.getBuiltinModule?.("node:https") as Https | undefined;
  if (http === undefined || https === undefined) return undefined;
  const agents = {
    "http:": new http.Agent({ keepAlive: true }),
    "https:": new https.Agent({ keepAlive: true }),
  };
  return {
    sender: (connectTimeoutMs) => (url, request) => {
      const open = (init: Init): ClientRequest =>
        url.protocol === "https:"
          ? https.request(url, { ...init, agent: agents["https:"] })
          : http.request(url, { ...init, agent: agents["http:"] });
      const watch = (outgoing: ClientRequest): void => {
        if (connectTimeoutMs !== undefined)
          watchConnection(runtime, connectTimeoutMs, url, outgoing);
      };
      return exchange(request, open, watch);
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

type Init = { readonly method: string; readonly headers: Record<string, string | number> };

function exchange(
  request: TransportRequest,
  open: (init: Init) => ClientRequest,
  watch: (outgoing: ClientRequest) => void,
): Promise<TransportAnswer> {
  const { method, body, signal } = request;
  const headers: Record<string, string | number> = { ...request.headers };
  if (body !== undefined) headers["content-length"] = body.length;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const outgoing = open({ method, headers });
    const stay = onAbort(signal, () => outgoing.destroy(signal.reason));
    outgoing.on("error", (error) => {
      stay();
      reject(error);
    });
    outgoing.on("close", stay);
    outgoing.on("response", (incoming) => {
      const isBodiless =
        method === "HEAD" || incoming.statusCode === 204 || incoming.statusCode === 304;
      const answer = answerOf(incoming);
      // Whoever ends the request once the answer is over must not end its connection.
      incoming.on("end", () => {
        stay();
        if (isBodiless) resolve(answer);
      });
      if (isBodiless) incoming.resume();
      else resolve(answer);
    });
    watch(outgoing);
    outgoing.end(body);
  });
}

/** Ends a request whose connection does not come about. */
function watchConnection(
  runtime: Runtime,
  connectTimeoutMs: number,
  url: URL,
  outgoing: ClientRequest,
): void {
  outgoing.on("socket", (socket) => {
    if (!socket.connecting) return;
    const over = new AbortController();
    const late = (): void => {
      const message = `no connection to ${url.host} within ${connectTimeoutMs} ms`;
      const error = new Error(message);
      outgoing.destroy(Object.assign(error, { code: "ETIMEDOUT", syscall: "connect" }));
    };
    const connected = url.protocol === "https:" ? "secureConnect" : "connect";
    for (const event of [connected, "close"]) socket.once(event, () => over.abort());
    runtime.sleep(connectTimeoutMs, over.signal).then(late, () => undefined);
  });
}

function answerOf(incoming: IncomingMessage): TransportAnswer {
  const headers = new Headers();
  const { rawHeaders, statusCode = 0 } = incoming;
  for (let i = 0; i < rawHeaders.length; i += 2)
    headers.append(rawHeaders[i] as string, rawHeaders[i + 1] as string);
  return {
    status: statusCode,
    headers,
    isOpaque: false,
    read: (moved, bytesMax) => readBody(incoming, moved, bytesMax),
  };
}

function readBody(
  incoming: IncomingMessage,
  moved: () => void,
  bytesMax: number,
): Promise<Uint8Array> {
  if (incoming.readableEnded) return Promise.resolve(new Uint8Array(0));
  const announced = Number(incoming.headers["content-length"] ?? Number.NaN);
  const isKnown = announced <= Math.min(PREALLOCATED_BYTES_MAX, bytesMax);
  const whole = new Uint8Array(isKnown ? announced : 0);
  const parts: Uint8Array[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    if (announced > bytesMax) return reject(tooLong(bytesMax));
    incoming.on("data", (part: Uint8Array) => {
      if (isKnown) whole.set(part, length);
      else parts.push(part);
      length += part.length;
      moved();
      if (length > bytesMax) incoming.destroy(tooLong(bytesMax));
    });
    incoming.on("end", () => resolve(isKnown ? whole.subarray(0, length) : concatBytes(parts)));
    incoming.on("error", reject);
  });
}
