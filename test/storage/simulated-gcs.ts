/** The JSON API of Google Cloud Storage in memory: a transport that answers what `gcsStorage` asks. */
import { crc32c } from "../../src/codec/crc32c.ts";
import type { ObjectTransport } from "../../src/storage/http/object-transport.ts";

/** A request as it arrived. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An answer; a body that is neither text nor bytes leaves as JSON. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Resource {
  readonly name: string;
  readonly generation: string;
  readonly size: string;
  readonly updated: string;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly crc32c?: string;
}

interface Stored {
  readonly resource: Resource;
  readonly bytes: Uint8Array;
}

/** Entries of a page, so that lists have several. */
const PAGE_ENTRIES = 400;
const NOT_FOUND: Reply = { status: 404, body: failure("notFound") };
const NOT_MET: Reply = { status: 412, body: failure("conditionNotMet") };

/** The body of a failure. */
export function failure(reason: string): object {
  return { error: { message: `secret-echo ${reason}`, errors: [{ domain: "global", reason }] } };
}

/** A server with one bucket, `bucket`. */
export class SimulatedGcs {
  readonly asked: Asked[] = [];
  readonly objects = new Map<string, Stored>();
  /** How many calls a copy takes. */
  copySteps = 1;
  /** Most bytes that a piece of an upload adds. */
  pieceBytesMax = Number.POSITIVE_INFINITY;
  /** Stands before the server: may answer itself, or throw as a broken connection does. */
  before: (asked: Asked, serve: () => Reply) => Reply = (_, serve) => serve();
  readonly #uploads = new Map<
    string,
    { query: URLSearchParams; said: object; bytes: Uint8Array }
  >();
  readonly #finished = new Map<string, Reply>();
  #made = 0;

  readonly transport: ObjectTransport = {
    sender: () => async (url, request) => {
      request.signal.throwIfAborted();
      const { method, headers, body = new Uint8Array(0) } = request;
      const asked = { method, url, headers, body: body.slice() };
      this.asked.push(asked);
      const reply = this.before(asked, () => this.#serve(asked));
      const bytes = bytesOf(reply.body);
      return {
        status: reply.status,
        headers: new Headers(reply.headers),
        isOpaque: false,
        read: async (moved) => {
          moved();
          return bytes;
        },
      };
    },
    close: () => undefined,
  };

  #serve(asked: Asked): Reply {
    const { pathname, searchParams } = asked.url;
    if (pathname === "/upload/storage/v1/b/bucket/o") return this.#upload(asked);
    const [, from, to] =
      /^\/storage\/v1\/b\/bucket\/o(?:\/([^/]+)(?:\/rewriteTo\/b\/bucket\/o\/([^/]+))?)?$/.exec(
        pathname,
      ) ?? [];
    if (from === undefined) return this.#list(searchParams);
    const name = decodeURIComponent(from);
    if (to !== undefined) return this.#rewrite(asked, name, decodeURIComponent(to));
    const found = this.objects.get(name);
    if (found === undefined) return NOT_FOUND;
    if (asked.method === "DELETE") {
      this.objects.delete(name);
      return { status: 204 };
    }
    if (searchParams.get("alt") !== "media") return { status: 200, body: found.resource };
    return media(found, asked);
  }

  #upload(asked: Asked): Reply {
    const query = asked.url.searchParams;
    if (query.get("uploadType") === "multipart") {
      const [said, bytes] = partsOf(asked);
      return this.#store(query, said, bytes);
    }
    const id = query.get("upload_id");
    if (id === null) {
      const made = `upload-${++this.#made}`;
      const said = JSON.parse(new TextDecoder().decode(asked.body)) as object;
      this.#uploads.set(made, { query, said, bytes: new Uint8Array(0) });
      const location = `http://elsewhere.example/upload?upload_id=${made}`;
      return { status: 200, headers: { location } };
    }
    const upload = this.#uploads.get(id);
    if (upload === undefined) return { status: 410 };
    const [, start, total] =
      /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(asked.headers["content-range"] ?? "") ?? [];
    if (start !== undefined && Number(start) !== upload.bytes.length) return { status: 400 };
    const added = asked.body.subarray(0, this.pieceBytesMax);
    const bytes = new Uint8Array(upload.bytes.length + added.length);
    bytes.set(upload.bytes);
    bytes.set(added, upload.bytes.length);
    upload.bytes = bytes;
    if (bytes.length === Number(total)) {
      const reply = this.#finished.get(id) ?? this.#store(upload.query, upload.said, bytes);
      this.#finished.set(id, reply);
      return reply;
    }
    const range: Record<string, string> =
      bytes.length === 0 ? {} : { range: `bytes=0-${bytes.length - 1}` };
    return { status: 200, headers: { "x-http-status-code-override": "308", ...range } };
  }

  #store(query: URLSearchParams, said: object, bytes: Uint8Array): Reply {
    const name = String(query.get("name"));
    const current = this.objects.get(name)?.resource.generation ?? "0";
    const expected = query.get("ifGenerationMatch") ?? current;
    if (expected !== current) return NOT_MET;
    const { crc32c: sum } = said as Resource;
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, crc32c(bytes));
    if (sum !== btoa(String.fromCharCode(...new Uint8Array(view.buffer))))
      return { status: 400, body: failure("invalid") };
    return { status: 200, body: this.#keep({ ...(said as Resource), name }, bytes) };
  }

  #keep(said: Partial<Resource> & { name: string }, bytes: Uint8Array): Resource {
    const made = ++this.#made;
    const resource: Resource = {
      ...said,
      generation: String(1_796_073_120_285_841 + made),
      size: String(bytes.length),
      updated: new Date(1_796_073_120_000 + made).toISOString(),
    };
    this.objects.set(said.name, { resource, bytes });
    return resource;
  }

  #list(query: URLSearchParams): Reply {
    const names = [...this.objects.keys()]
      .filter((name) => name.startsWith(query.get("prefix") ?? ""))
      .sort();
    const first = Number(query.get("pageToken") ?? 0);
    const end = first + Math.min(PAGE_ENTRIES, Number(query.get("maxResults")));
    const items = names.slice(first, end).map((name) => this.objects.get(name)?.resource);
    const next = end < names.length ? { nextPageToken: String(end) } : {};
    return { status: 200, body: { ...(items.length === 0 ? {} : { items }), ...next } };
  }

  #rewrite({ url, body }: Asked, from: string, to: string): Reply {
    const source = this.objects.get(from);
    if (source === undefined) return NOT_FOUND;
    const expected = url.searchParams.get("ifSourceGenerationMatch");
    if (expected !== null && expected !== source.resource.generation) return NOT_MET;
    const step = Number(url.searchParams.get("rewriteToken") ?? 1);
    if (step < this.copySteps)
      return { status: 200, body: { done: false, rewriteToken: String(step + 1) } };
    const said = JSON.parse(new TextDecoder().decode(body)) as object;
    const { metadata, contentType } = source.resource;
    const kept = Object.keys(said).length > 0 ? said : { metadata, contentType };
    this.#keep({ ...(kept as Partial<Resource>), name: to }, source.bytes);
    return { status: 200, body: { done: true } };
  }
}

function media({ resource, bytes }: Stored, { url, headers }: Asked): Reply {
  const version = { "x-goog-generation": resource.generation };
  if (url.searchParams.get("ifGenerationNotMatch") === resource.generation)
    return { status: 304, headers: version };
  const [, start, end, suffix] =
    /^bytes=(?:(\d+)-(\d*)|-(\d+))$/.exec(headers["range"] ?? "") ?? [];
  if (start === undefined && suffix === undefined)
    return { status: 200, headers: version, body: bytes };
  const first = suffix === undefined ? Number(start) : Math.max(0, bytes.length - Number(suffix));
  const last = Math.min(end ? Number(end) : bytes.length - 1, bytes.length - 1);
  if (first > last) return { status: 416, headers: version };
  const range = `bytes ${first}-${last}/${bytes.length}`;
  return {
    status: 206,
    headers: { ...version, "content-range": range },
    body: bytes.subarray(first, last + 1),
  };
}

/** The resource and the bytes of a multipart upload. */
function partsOf({ headers, body }: Asked): [object, Uint8Array] {
  const boundary = /boundary=(\S+)$/.exec(headers["content-type"] ?? "")?.[1] ?? "";
  const text = new TextDecoder("latin1").decode(body); // A character per byte.
  const [, said = "", rest = ""] = text.split(`--${boundary}\r\n`);
  const start = text.length - rest.length + rest.indexOf("\r\n\r\n") + 4;
  const end = text.length - `\r\n--${boundary}--\r\n`.length;
  const head = body.subarray(text.indexOf(said), text.indexOf(said) + said.length);
  const json = new TextDecoder().decode(head).replace(/^[\s\S]*?\r\n\r\n/, "");
  return [JSON.parse(json) as object, body.slice(start, end)];
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body.slice();
  const text = typeof body === "string" || body === undefined ? (body ?? "") : JSON.stringify(body);
  return new TextEncoder().encode(text);
}
