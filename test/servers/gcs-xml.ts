/**
 * Uploads of the XML API before fake-gcs-server, which keeps preconditions in its JSON API alone:
 * the official engine uploads by XML. A PUT becomes an upload of JSON, all else passes as it is.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A gateway that listens on loopback. */
export interface XmlGateway {
  readonly url: string;
  stop(): Promise<void>;
}

/** What belongs to a connection, and not to what passes. RFC 9110 "Connection". */
const HOP_HEADERS: readonly string[] = ["connection", "keep-alive", "transfer-encoding"];

/** Starts a gateway before `upstream`. */
export async function startXmlGateway(upstream: { readonly url: string }): Promise<XmlGateway> {
  const listener = createServer((request, response) => {
    passOn(upstream.url, request, response).catch((error: unknown) =>
      response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
}

async function passOn(
  upstream: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = new Uint8Array(await buffer(request));
  const { pathname } = new URL(request.url ?? "/", upstream);
  const [, bucket, name] = /^\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
  if (request.method === "PUT" && bucket !== undefined && name !== undefined)
    return upload(upstream, { bucket, name: decodeURIComponent(name) }, request, body, response);
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([key]) => key !== "host" && !HOP_HEADERS.includes(key)),
  ) as Record<string, string>;
  const answer = await fetch(`${upstream}${request.url}`, {
    method: request.method ?? "GET",
    headers: { ...headers, "accept-encoding": "identity" },
    ...(body.length === 0 ? {} : { body }),
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  response.writeHead(
    answer.status,
    Object.fromEntries([...answer.headers].filter(([key]) => !HOP_HEADERS.includes(key))),
  );
  response.end(bytes);
}

/** An upload, by the JSON API. */
async function upload(
  upstream: string,
  { bucket, name }: { readonly bucket: string; readonly name: string },
  request: IncomingMessage,
  body: Uint8Array,
  response: ServerResponse,
): Promise<void> {
  if (request.headers["x-goog-copy-source"] !== undefined) throw new Error("a copy by XML");
  const contentType = request.headers["content-type"] ?? "application/octet-stream";
  const metadata = Object.fromEntries(
    Object.entries(request.headers)
      .filter(([key]) => key.startsWith("x-goog-meta-"))
      .map(([key, value]) => [key.slice("x-goog-meta-".length), value]),
  );
  const boundary = randomUUID();
  const query = new URLSearchParams({ uploadType: "multipart", name });
  const generation = request.headers["x-goog-if-generation-match"];
  if (generation !== undefined) query.set("ifGenerationMatch", String(generation));
  const answer = await fetch(`${upstream}/upload/storage/v1/b/${bucket}/o?${query}`, {
    method: "POST",
    headers: { "content-type": `multipart/related; boundary=${boundary}` },
    body: Buffer.concat([
      Buffer.from(`--${boundary}\r\ncontent-type: application/json\r\n\r\n`),
      Buffer.from(JSON.stringify({ name, metadata, contentType })),
      Buffer.from(`\r\n--${boundary}\r\ncontent-type: ${contentType}\r\n\r\n`),
      body,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  });
  const text = await answer.text();
  if (!answer.ok) {
    response.writeHead(answer.status).end(text);
    return;
  }
  const stored = JSON.parse(text) as { readonly etag: string; readonly generation: string };
  response
    .writeHead(200, { etag: `"${stored.etag}"`, "x-goog-generation": stored.generation })
    .end();
}
