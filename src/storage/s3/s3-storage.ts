/** Objects in a bucket of S3, or of a server that speaks its protocol. */
import { makeError } from "../../base/errors.ts";
import type { Abortable } from "../../base/options.ts";
import type { StorageSettings } from "../../format/config/storage.ts";
import { getInParts, type PartLimits } from "../http/get-in-parts.ts";
import { getObject, type ObjectReader } from "../http/get-object.ts";
import { type HttpAnswer, httpError } from "../http/http-request.ts";
import { SETTINGS_HONOURED } from "../http/settings.ts";
import { storageClassOf } from "../http/storage-class.ts";
import { checkListPrefix, checkObjectPath } from "../object-path.ts";
import type {
  DeleteOutcome,
  GetOptions,
  ListEntry,
  ObjectInfo,
  ObjectKind,
  ObjectVersion,
  PutBody,
  PutOptions,
  PutOutcome,
  Storage,
  StorageCapabilities,
  StorageHint,
  StoredObject,
} from "../port.ts";
import { checkCondition } from "../put-condition.ts";
import type { S3Client } from "./client.ts";
import { deleteObjects } from "./delete.ts";
import { listObjects } from "./list.ts";
import { failureIn, missingBucket, putObject, type S3PartSizes, s3Version } from "./put.ts";

const CAPABILITIES: StorageCapabilities = Object.freeze({
  conditionalCreate: true,
  conditionalUpdate: true,
  uniqueVersions: false,
  userMetadata: true,
  list: true,
  delete: true,
  write: true,
  lastModified: true,
});

const METADATA_PREFIX = "x-amz-meta-";

/** What a storage of S3 works with. */
interface S3StorageParts {
  readonly client: S3Client;
  readonly settings: StorageSettings;
  readonly parts: PartLimits & S3PartSizes;
  /** Ends the connections. */
  close(): void;
  /** The same target with other settings. */
  again(settings: StorageSettings): Storage;
}

export class S3Storage implements Storage {
  readonly id: string;
  readonly capabilities: StorageCapabilities = CAPABILITIES;
  readonly settingsHonoured = SETTINGS_HONOURED;
  readonly #of: S3StorageParts;
  readonly #folder: string;
  readonly #reader: ObjectReader;

  constructor(parts: S3StorageParts) {
    const { target } = parts.client;
    this.#of = parts;
    this.#folder = target.folder;
    const { hostname } = target.bucketUrl;
    const server = hostname.endsWith(".amazonaws.com") ? "" : ` at ${target.bucketUrl.host}`;
    this.id = `s3://${target.bucket}/${target.folder}${server}`;
    this.#reader = {
      ask: (path, range, signal) =>
        this.#ask("GET", path, range === undefined ? {} : { range }, signal),
      head: (path, signal) => this.head(path, { signal }),
      versionOf: s3Version,
      refuse: (path, reason, details, kind = "unexpected-response") => {
        throw httpError(kind, parts.client.url(this.#key(path)), reason, details);
      },
    };
  }

  describe(): StorageHint {
    return this.#of.client.target.hint;
  }

  withSettings(settings: StorageSettings): Storage {
    return this.#of.again(settings);
  }

  #key(path: string): string {
    checkObjectPath(path);
    return `${this.#folder}${path}`;
  }

  /** An answer of status 200, 206, 304 or 416; `undefined` for what is absent. */
  async #ask(
    method: "GET" | "HEAD",
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer | undefined> {
    const key = this.#key(path);
    signal?.throwIfAborted();
    const expected = [200, 404];
    if ("range" in headers) expected.push(206, 416);
    if ("if-none-match" in headers) expected.push(304);
    const answer = await this.#of.client.request({
      key,
      method,
      headers,
      cache: "no-store", // Browsers answer ranges from what they remember of another version.
      signal,
      isExpected: (status) => expected.includes(status),
      failureOf: missingBucket,
    });
    if (answer.status === 404) return undefined;
    const encoding = answer.headers.get("content-encoding") ?? "identity";
    if (encoding !== "identity" && encoding !== "aws-chunked" && answer.status < 300)
      this.#reader.refuse(path, `the server sent it encoded: ${encoding.slice(0, 40)}`, {});
    return answer;
  }

  get(path: string, options?: GetOptions): Promise<StoredObject | undefined> {
    return getInParts((part) => getObject(this.#reader, path, part), path, options, this.#of.parts);
  }

  async getIfChanged(
    path: string,
    version: ObjectVersion,
    options: Abortable = {},
  ): Promise<StoredObject | "unchanged" | undefined> {
    const { etag } = version;
    const headers = etag === undefined ? {} : { "if-none-match": etag };
    const answer = await this.#ask("GET", path, headers, options.signal);
    if (answer === undefined) return undefined;
    const found = s3Version(answer.headers);
    if (answer.status === 304 || (etag !== undefined && found.etag === etag)) return "unchanged";
    return { bytes: answer.bytes, version: found };
  }

  async head(path: string, options: Abortable = {}): Promise<ObjectInfo | undefined> {
    const answer = await this.#ask("HEAD", path, {}, options.signal);
    if (answer === undefined) return undefined;
    const { headers } = answer;
    const sizeBytes = Number(headers.get("content-length") ?? Number.NaN);
    if (!Number.isSafeInteger(sizeBytes))
      this.#reader.refuse(path, "the server does not say how long it is", {});
    const modified = headers.get("last-modified");
    const metadata: Record<string, string> = {};
    for (const [name, value] of headers)
      if (name.startsWith(METADATA_PREFIX)) metadata[name.slice(METADATA_PREFIX.length)] = value;
    return {
      version: s3Version(headers),
      sizeBytes,
      metadata,
      ...(modified === null ? {} : { lastModified: new Date(modified) }),
    };
  }

  async put(path: string, body: PutBody, options: PutOptions): Promise<PutOutcome> {
    const key = this.#key(path);
    checkCondition(options.condition, path);
    const { condition, contentType, metadata = {}, objectKind, sizeBytes, signal } = options;
    signal?.throwIfAborted();
    const headers: Record<string, string> = {
      "content-type": contentType ?? "application/octet-stream",
      ...this.#classHeader(objectKind),
    };
    for (const [name, value] of Object.entries(metadata)) headers[METADATA_PREFIX + name] = value;
    const put = { key, path, body, sizeBytes, condition, headers, signal };
    return putObject(this.#of.client, put, this.#of.parts);
  }

  #classHeader(objectKind: ObjectKind | undefined): Record<string, string> {
    const storageClass = storageClassOf(objectKind, this.#of.settings);
    return storageClass === undefined ? {} : { "x-amz-storage-class": storageClass };
  }

  async copy(
    from: string,
    to: string,
    options: Parameters<Storage["copy"]>[2],
  ): ReturnType<Storage["copy"]> {
    const source = this.#of.client.url(this.#key(from));
    const key = this.#key(to);
    const { ifMatch, objectKind, signal } = options;
    if (ifMatch !== undefined) checkCondition({ ifMatch }, from);
    signal?.throwIfAborted();
    const { bucket, bucketUrl } = this.#of.client.target;
    const sourceKey = source.pathname.slice(bucketUrl.pathname.length);
    const condition: Record<string, string> =
      ifMatch === undefined ? {} : { "x-amz-copy-source-if-match": ifMatch.etag ?? "" };
    const failureOfCopy = failureIn("CopyObjectResult", "ETag");
    const answer = await this.#of.client.request({
      key,
      method: "PUT",
      headers: {
        "x-amz-copy-source": `/${bucket}/${sourceKey}`,
        ...condition,
        ...this.#classHeader(objectKind),
      },
      signal,
      isExpected: (status) =>
        status === 200 || status === 404 || (ifMatch !== undefined && status === 412),
      failureOf: (found) => (found.status === 200 ? failureOfCopy(found) : missingBucket(found)),
    });
    if (answer.status === 200) return { outcome: "copied" };
    if (ifMatch !== undefined) return { outcome: "condition-failed" };
    throw makeError("object-not-found", `copy of ${from}: no such object`, {
      details: { path: from },
    });
  }

  async *list(prefix: string, options: Abortable = {}): AsyncGenerator<ListEntry> {
    checkListPrefix(prefix);
    yield* listObjects(this.#of.client, this.#folder, prefix, options.signal);
  }

  async delete(paths: readonly string[], options: Abortable = {}): Promise<DeleteOutcome[]> {
    for (const path of paths) checkObjectPath(path);
    options.signal?.throwIfAborted();
    return deleteObjects(this.#of.client, this.#folder, paths, options.signal);
  }

  async close(): Promise<void> {
    this.#of.close();
  }
}
