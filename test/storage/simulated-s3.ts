/** The API of S3 in memory: a transport that answers what `s3Storage` asks. */
import { createHash } from "node:crypto";
import type { ObjectTransport } from "../../src/storage/http/object-transport.ts";

/** A request as it arrived. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An answer. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface Stored {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Entries of a page, so that lists have several. */
const PAGE_ENTRIES = 400;
const MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT";
const NOT_FOUND = failure(404, "NoSuchKey");

/** The answer of a request that failed. */
export function failure(status: number, code: string, more = ""): Reply {
  const text = `<Error><Code>${code}</Code><Message>secret-echo</Message>${more}</Error>`;
  return { status, body: `<?xml version="1.0"?>${text}` };
}

/** A server with one bucket, in the path or in the host; both are called `bucket`. */
export class SimulatedS3 {
  readonly asked: Asked[] = [];
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, { key: string; first: Asked; parts: Map<number, Stored> }>();
  /** Stands before the server: may answer itself, or throw as a broken connection does. */
  before: (asked: Asked, serve: () => Reply) => Reply = (_, serve) => serve();
  #made = 0;

  readonly transport: ObjectTransport = {
    sender: () => async (url, request) => {
      request.signal.throwIfAborted();
      const { method, headers, body = new Uint8Array(0) } = request;
      const asked = { method, url, headers, body: body.slice() };
      this.asked.push(asked);
      const reply = this.before(asked, () => this.#serve(asked));
      const { body: said = "" } = reply;
      const bytes = typeof said === "string" ? new TextEncoder().encode(said) : said.slice();
      const length = method === "HEAD" ? 0 : bytes.length;
      return {
        status: reply.status,
        headers: new Headers({ "content-length": String(bytes.length), ...reply.headers }),
        isOpaque: false,
        read: async (moved) => {
          moved();
          return bytes.subarray(0, length);
        },
      };
    },
    close: () => undefined,
  };

  #serve(asked: Asked): Reply {
    const { method, url } = asked;
    const query = url.searchParams;
    const inHost = url.hostname.startsWith("bucket.");
    const key = decodeURIComponent(url.pathname.slice(inHost ? 1 : "/bucket/".length));
    if (method === "GET" && query.has("list-type")) return this.#list(query);
    if (method === "POST" && query.has("delete")) return this.#deleteMany(asked);
    if (method === "POST" && query.has("uploads")) return this.#begin(asked, key);
    const uploadId = query.get("uploadId");
    if (uploadId !== null) return this.#upload(asked, uploadId);
    const found = this.objects.get(key);
    switch (method) {
      case "PUT":
        return asked.headers["x-amz-copy-source"] === undefined
          ? this.#put(asked, key, asked.body, asked.headers)
          : this.#copy(asked, key);
      case "DELETE":
        this.objects.delete(key);
        return { status: 204 };
      case "HEAD":
        return found === undefined ? { status: 404 } : read(found, asked);
      default:
        return found === undefined ? NOT_FOUND : read(found, asked);
    }
  }

  #put(asked: Asked, key: string, bytes: Uint8Array, headers: Asked["headers"]): Reply {
    const current = this.objects.get(key);
    if (asked.headers["if-none-match"] === "*" && current !== undefined)
      return failure(412, "PreconditionFailed");
    const expected = asked.headers["if-match"];
    if (expected !== undefined && current === undefined) return NOT_FOUND;
    if (expected !== undefined && expected !== current?.etag)
      return failure(412, "PreconditionFailed");
    const stored = { bytes, etag: etagOf(bytes), headers };
    this.objects.set(key, stored);
    return { status: 200, headers: { etag: stored.etag } };
  }

  #copy({ headers }: Asked, to: string): Reply {
    const from = decodeURIComponent(headers["x-amz-copy-source"] ?? "").replace(/^\/?bucket\//, "");
    const source = this.objects.get(from);
    if (source === undefined) return NOT_FOUND;
    const expected = headers["x-amz-copy-source-if-match"];
    if (expected !== undefined && expected !== source.etag)
      return failure(412, "PreconditionFailed");
    this.objects.set(to, source);
    return {
      status: 200,
      body: `<CopyObjectResult><ETag>${source.etag}</ETag></CopyObjectResult>`,
    };
  }

  #begin(first: Asked, key: string): Reply {
    const id = `upload-${++this.#made}`;
    this.uploads.set(id, { key, first, parts: new Map() });
    const body = `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`;
    return { status: 200, body };
  }

  #upload(asked: Asked, id: string): Reply {
    const upload = this.uploads.get(id);
    if (upload === undefined) return failure(404, "NoSuchUpload");
    const number = Number(asked.url.searchParams.get("partNumber"));
    if (asked.method === "PUT") {
      const etag = etagOf(asked.body);
      upload.parts.set(number, { bytes: asked.body, etag, headers: {} });
      return { status: 200, headers: { etag } };
    }
    if (asked.method === "DELETE") {
      this.uploads.delete(id);
      return { status: 204 };
    }
    const said = [...new TextDecoder().decode(asked.body).matchAll(/<PartNumber>(\d+)</g)];
    const parts = said.map(
      ([, part]) => upload.parts.get(Number(part))?.bytes ?? new Uint8Array(0),
    );
    const bytes = new Uint8Array(Buffer.concat(parts));
    const done = this.#put(asked, upload.key, bytes, upload.first.headers);
    if (done.status !== 200) return done;
    this.uploads.delete(id);
    const etag = done.headers?.["etag"];
    return {
      status: 200,
      body: `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`,
    };
  }

  #list(query: URLSearchParams): Reply {
    const keys = [...this.objects.keys()]
      .filter((key) => key.startsWith(query.get("prefix") ?? ""))
      .sort();
    const first = Number(query.get("continuation-token") ?? 0);
    const end = first + PAGE_ENTRIES;
    const entries = keys.slice(first, end).map((key) => {
      const { bytes, etag } = this.objects.get(key) as Stored;
      const shown = encodeURIComponent(key).replaceAll("%2F", "/");
      return `<Contents><Key>${shown}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>${etag}</ETag><Size>${bytes.length}</Size></Contents>`;
    });
    const isCut = end < keys.length;
    const next = isCut ? `<NextContinuationToken>${end}</NextContinuationToken>` : "";
    return {
      status: 200,
      body: `<ListBucketResult><IsTruncated>${isCut}</IsTruncated>${next}<EncodingType>url</EncodingType>${entries.join("")}</ListBucketResult>`,
    };
  }

  #deleteMany({ body }: Asked): Reply {
    const xml = new TextDecoder().decode(body);
    for (const [, key = ""] of xml.matchAll(/<Key>([^<]*)<\/Key>/g)) this.objects.delete(key);
    return { status: 200, body: "<DeleteResult></DeleteResult>" };
  }
}

function etagOf(bytes: Uint8Array): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}

function read({ bytes, etag, headers: kept }: Stored, { headers }: Asked): Reply {
  const metadata = Object.entries(kept).filter(([name]) =>
    /^x-amz-meta-|^content-type$/.test(name),
  );
  const facts = { etag, "last-modified": MODIFIED, ...Object.fromEntries(metadata) };
  if (headers["if-none-match"] === etag) return { status: 304, headers: facts };
  const [, start, end, suffix] =
    /^bytes=(?:(\d+)-(\d*)|-(\d+))$/.exec(headers["range"] ?? "") ?? [];
  if (start === undefined && suffix === undefined)
    return { status: 200, headers: facts, body: bytes };
  const first = suffix === undefined ? Number(start) : Math.max(0, bytes.length - Number(suffix));
  const last = Math.min(end ? Number(end) : bytes.length - 1, bytes.length - 1);
  if (first > last) return { ...failure(416, "InvalidRange"), headers: facts };
  const range = `bytes ${first}-${last}/${bytes.length}`;
  return {
    status: 206,
    headers: { ...facts, "content-range": range },
    body: bytes.subarray(first, last + 1),
  };
}
