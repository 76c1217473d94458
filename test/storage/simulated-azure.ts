/**
 * A server of the Blob REST API in memory, as far as `azureStorage` uses it: reached by a transport of
 * its own, so that no connection is made, and tests see and replace what it answers.
 */
import { createHmac } from "node:crypto";
import type { ObjectTransport } from "../../src/storage/http/object-transport.ts";
import type { TransportAnswer, TransportRequest } from "../../src/storage/http/transport.ts";

export const ACCOUNT = "icefloe";
export const CONTAINER = "objects";
export const ACCESS_KEY = btoa("a key of sixteen");

/** Options of a storage on the server. */
export const SIMULATED = { account: ACCOUNT, container: CONTAINER, accessKey: ACCESS_KEY };

const ROOT = `/${CONTAINER}`;

/** A request as the server sees it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

/** An answer of the server. */
export interface SimulatedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

interface Blob {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a test holds of the server. */
export interface SimulatedAzure {
  readonly transport: ObjectTransport;
  /** All requests, the earliest first. */
  readonly requests: SeenRequest[];
  /** Answers in the server's stead; what it leaves `undefined` the server answers. Throws: no answer comes. */
  intervene:
    | ((request: SeenRequest, serve: () => SimulatedAnswer) => SimulatedAnswer | undefined)
    | undefined;
}

const failed = (status: number, code: string): SimulatedAnswer => ({
  status,
  headers: { "x-ms-error-code": code },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>secret</Message></Error>`,
});

/** A server with one container, which shows `pageSize` objects on a page of a list. */
export function simulatedAzure(pageSize = 5000): SimulatedAzure {
  const state = {
    blobs: new Map<string, Blob>(),
    blocks: new Map<string, Map<string, Uint8Array>>(),
    writes: 0,
  };
  const server: SimulatedAzure = {
    requests: [],
    intervene: undefined,
    transport: {
      sender: () => async (url, request) => {
        request.signal.throwIfAborted();
        const body = request.body?.slice() ?? new Uint8Array(0);
        const seen = {
          method: request.method,
          url: new URL(url),
          headers: request.headers,
          body,
          signal: request.signal,
        };
        server.requests.push(seen);
        const serve = (): SimulatedAnswer => answerOf(state, seen, pageSize);
        return encode(request, server.intervene?.(seen, serve) ?? serve());
      },
      close: () => undefined,
    },
  };
  return server;
}

type State = {
  blobs: Map<string, Blob>;
  blocks: Map<string, Map<string, Uint8Array>>;
  writes: number;
};

function encode({ method }: TransportRequest, answer: SimulatedAnswer): TransportAnswer {
  const { status, headers, body = "" } = answer;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const isBodiless = method === "HEAD";
  return {
    status,
    headers: new Headers(
      isBodiless ? headers : { "content-length": String(bytes.length), ...headers },
    ),
    isOpaque: false,
    read: async (moved) => {
      moved();
      return isBodiless ? new Uint8Array(0) : bytes.slice();
    },
  };
}

function answerOf(state: State, request: SeenRequest, pageSize: number): SimulatedAnswer {
  const { method, url } = request;
  if (!isAuthorized(request)) return failed(403, "AuthenticationFailed");
  if (url.pathname === ROOT) return listOf(state, url.searchParams, pageSize);
  if (!url.pathname.startsWith(`${ROOT}/`)) return failed(404, "ContainerNotFound");
  const name = decodeURIComponent(url.pathname.slice(ROOT.length + 1));
  const found = state.blobs.get(name);
  if (method === "PUT") return write(state, name, found, request);
  if (found === undefined) return failed(404, "BlobNotFound");
  if (method === "DELETE") {
    state.blobs.delete(name);
    return { status: 202 };
  }
  return read(found, request);
}

/** The documented text of a signature, for requests as ours: by position, then what begins with x-ms-. */
function isAuthorized({ method, url, headers, body }: SeenRequest): boolean {
  const { authorization = "" } = headers;
  if (!authorization.startsWith("SharedKey")) return true; // Those are the subjects of tests.
  const at = (name: string): string => headers[name] ?? "";
  const length = body.length === 0 ? "" : String(body.length);
  const conditions = `${at("if-match")}\n${at("if-none-match")}\n\n${at("range")}`;
  const own = Object.keys(headers).filter((name) => name.startsWith("x-ms-"));
  const text = [
    `${method}\n\n\n${length}\n\n\n\n\n${conditions}`,
    ...own.sort().map((name) => `${name}:${headers[name]}`),
    `/${ACCOUNT}${url.pathname}`,
    ...[...url.searchParams].map(([name, value]) => `${name}:${value}`).sort(),
  ].join("\n");
  const key = Uint8Array.from(atob(ACCESS_KEY), (sign) => sign.charCodeAt(0));
  return (
    authorization ===
    `SharedKey ${ACCOUNT}:${createHmac("sha256", key).update(text).digest("base64")}`
  );
}

function write(
  state: State,
  name: string,
  found: Blob | undefined,
  { url, headers, body }: SeenRequest,
): SimulatedAnswer {
  const comp = url.searchParams.get("comp");
  const blocks = state.blocks.get(name) ?? new Map<string, Uint8Array>();
  if (comp === "block") {
    state.blocks.set(name, blocks.set(url.searchParams.get("blockid") ?? "", body));
    return { status: 201 };
  }
  if (headers["if-none-match"] === "*" && found !== undefined)
    return failed(409, "BlobAlreadyExists");
  const match = headers["if-match"];
  if (match !== undefined && match !== found?.etag) return failed(412, "ConditionNotMet");
  const source = headers["x-ms-copy-source"];
  if (source !== undefined) return copy(state, name, source, headers["x-ms-source-if-match"]);
  let bytes = body;
  if (comp === "blocklist") {
    const names = [...new TextDecoder().decode(body).matchAll(/<Latest>([^<]*)</g)].map(
      ([, id = ""]) => id,
    );
    const parts = names.map((id) => blocks.get(id));
    if (parts.some((part) => part === undefined)) return failed(400, "InvalidBlockList");
    bytes = Uint8Array.from(parts.flatMap((part) => [...(part as Uint8Array)]));
  }
  state.blocks.delete(name);
  return store(state, name, bytes, headers);
}

function store(
  state: State,
  name: string,
  bytes: Uint8Array,
  from: Blob["headers"],
): SimulatedAnswer {
  const etag = `"0x${(++state.writes).toString(16)}"`;
  const kept = Object.entries(from).filter(([header]) => header.startsWith("x-ms-meta-"));
  state.blobs.set(name, { bytes, etag, headers: Object.fromEntries(kept) });
  return { status: 201, headers: { etag } };
}

function copy(
  state: State,
  name: string,
  source: string,
  match: string | undefined,
): SimulatedAnswer {
  const { pathname } = new URL(source);
  const found = state.blobs.get(decodeURIComponent(pathname.slice(ROOT.length + 1)));
  if (found === undefined) return failed(404, "CannotVerifyCopySource");
  if (match !== undefined && match !== found.etag) return failed(412, "SourceConditionNotMet");
  const { headers } = store(state, name, found.bytes, found.headers);
  return {
    status: 202,
    headers: { ...headers, "x-ms-copy-id": "1", "x-ms-copy-status": "success" },
  };
}

function read({ bytes, etag, headers }: Blob, { headers: asked }: SeenRequest): SimulatedAnswer {
  if (asked["if-none-match"] === etag) return { status: 304, headers: { etag } };
  if ((asked["if-match"] ?? etag) !== etag) return failed(412, "ConditionNotMet");
  const all = { ...headers, etag, "last-modified": new Date(0).toUTCString() };
  const { range } = asked;
  if (range === undefined)
    return {
      status: 200,
      headers: { ...all, "content-length": String(bytes.length) },
      body: bytes,
    };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range)?.map(Number) ?? [];
  if (first === undefined || last === undefined) return failed(500, "InternalError"); // As Azurite.
  if (first >= bytes.length) return failed(416, "InvalidRange");
  const body = bytes.slice(first, last + 1);
  const contentRange = `bytes ${first}-${first + body.length - 1}/${bytes.length}`;
  return { status: 206, headers: { ...all, "content-range": contentRange }, body };
}

function listOf({ blobs }: State, query: URLSearchParams, pageSize: number): SimulatedAnswer {
  const after = query.get("marker") ?? "";
  const names = [...blobs.keys()]
    .filter((name) => name.startsWith(query.get("prefix") ?? "") && name > after)
    .sort();
  const page = names.slice(0, pageSize).map((name) => {
    const { bytes, etag } = blobs.get(name) as Blob;
    const text = name.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return `<Blob><Name>${text}</Name><Properties><Last-Modified>${new Date(0).toUTCString()}</Last-Modified><Etag>${etag.slice(1, -1)}</Etag><Content-Length>${bytes.length}</Content-Length></Properties></Blob>`;
  });
  const next = names.length > pageSize ? names[pageSize - 1] : "";
  return {
    status: 200,
    body: `\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://x/"><Blobs>${page.join("")}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
  };
}
