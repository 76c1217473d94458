/** Serves a storage over HTTP on the loopback, as a plain static file server does. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Storage, StoredObject } from "../../src/storage/port.ts";

export interface StorageServer {
  readonly url: string;
  /** The requests served, as `METHOD path range`. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** Handles a request itself and returns true, or leaves it to the server. */
export type Override = (request: IncomingMessage, response: ServerResponse) => boolean;

function sendObject(request: IncomingMessage, response: ServerResponse, found: StoredObject): void {
  const etag = `"${found.version.etag}"`;
  response.setHeader("etag", etag);
  response.setHeader("last-modified", new Date(0).toUTCString());
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304).end();
    return;
  }
  const size = found.bytes.length;
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  let body = found.bytes;
  if (match) {
    const suffix = match[1] === "" ? Number(match[2]) : undefined;
    const start = suffix === undefined ? Number(match[1]) : Math.max(0, size - suffix);
    const end = suffix === undefined ? Math.min(size, Number(match[2] || size - 1) + 1) : size;
    if (start >= size) {
      response.writeHead(416, { "content-range": `bytes */${size}` }).end();
      return;
    }
    body = body.subarray(start, end);
    response.statusCode = 206;
    response.setHeader("content-range", `bytes ${start}-${end - 1}/${size}`);
  }
  response.setHeader("content-length", body.length);
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Starts a server for `storage` on a free port. */
export async function serveStorage(storage: Storage, override?: Override): Promise<StorageServer> {
  const log: string[] = [];
  const server = createServer((request, response) => {
    log.push(`${request.method} ${request.url} ${request.headers.range ?? ""}`.trim());
    if (override?.(request, response)) return;
    const path = decodeURIComponent((request.url ?? "/").slice(1));
    storage.get(path).then(
      (found) => {
        if (found === undefined) response.writeHead(404).end("not here");
        else sendObject(request, response, found);
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    log,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
