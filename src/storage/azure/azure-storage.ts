/** Objects in a container of Azure Blob Storage. */
import type { Abortable } from "../../base/options.ts";
import type { StorageSettings } from "../../format/config/storage.ts";
import { checkByteRange } from "../byte-range.ts";
import { getInParts, type PartLimits } from "../http/get-in-parts.ts";
import { getObject, type ObjectReader } from "../http/get-object.ts";
import { type HttpAnswer, httpError } from "../http/http-request.ts";
import { SETTINGS_HONOURED } from "../http/settings.ts";
import { storageClassOf } from "../http/storage-class.ts";
import { checkListPrefix } from "../object-path.ts";
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
import type { BlockSizes } from "./blocks.ts";
import { type AzureClient, failureUnless, missingContainer } from "./client.ts";
import { absentSource, copyBlob } from "./copy.ts";
import { deleteBlobs } from "./delete.ts";
import { listBlobs } from "./list.ts";
import { metadataHeaders, metadataIn } from "./metadata.ts";
import { checkAzurePath } from "./object-name.ts";
import { putBlob } from "./put.ts";
import { azureVersion } from "./put-request.ts";

const CAPABILITIES: StorageCapabilities = Object.freeze({
  conditionalCreate: true,
  conditionalUpdate: true,
  uniqueVersions: true,
  userMetadata: true,
  list: true,
  delete: true,
  write: true,
  lastModified: true,
});

/** How often the end of an object is asked for that is replaced while its length is learned. */
const SUFFIX_ATTEMPTS_MAX = 10;

/** What a storage of Azure works with. */
interface AzureStorageParts {
  readonly client: AzureClient;
  readonly settings: StorageSettings;
  readonly parts: PartLimits & BlockSizes;
  /** Ends the connections. */
  close(): void;
  /** The same target with other settings. */
  again(settings: StorageSettings): AzureStorage;
}

export class AzureStorage implements Storage {
  readonly id: string;
  readonly capabilities: StorageCapabilities = CAPABILITIES;
  readonly settingsHonoured = SETTINGS_HONOURED;
  readonly #of: AzureStorageParts;
  readonly #folder: string;
  readonly #reader: ObjectReader;

  constructor(parts: AzureStorageParts) {
    const { account, container, containerUrl, folder, isOfAzure } = parts.client.target;
    this.#of = parts;
    this.#folder = folder;
    const server = isOfAzure ? "" : ` at ${containerUrl.host}`;
    this.id = `azure://${account}/${container}/${folder}${server}`;
    this.#reader = this.#readerOf(undefined);
  }

  /** A reader of any version of an object, or of one alone. */
  #readerOf(etag: string | undefined): ObjectReader {
    const condition: Record<string, string> = etag === undefined ? {} : { "if-match": etag };
    return {
      ask: (path, range, signal) => {
        const headers = range === undefined ? condition : { ...condition, range };
        return this.#ask("GET", path, headers, signal);
      },
      head: (path, signal) => this.head(path, { signal }),
      versionOf: azureVersion,
      refuse: (path, reason, details, kind = "unexpected-response") => {
        throw httpError(kind, this.#of.client.url(this.#key(path)), reason, details);
      },
    };
  }

  describe(): StorageHint {
    return this.#of.client.target.hint;
  }

  withSettings(settings: StorageSettings): AzureStorage {
    return this.#of.again(settings);
  }

  #key(path: string): string {
    checkAzurePath(path);
    return `${this.#folder}${path}`;
  }

  /**
   * An answer of status 200, 206, 304 or 416; `undefined` for what is absent, and with `if-match` for
   * what is another version.
   */
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
    if ("if-match" in headers) expected.push(412);
    const answer = await this.#of.client.request({
      key,
      method,
      headers,
      cache: "no-store", // Browsers answer ranges from what they remember of another version.
      signal,
      isExpected: (status) => expected.includes(status),
      failureOf: (found) =>
        found.status === 412 ? failureUnless(found, ["ConditionNotMet"]) : missingContainer(found),
    });
    if (answer.status === 404 || answer.status === 412) return undefined;
    const encoding = answer.headers.get("content-encoding") ?? "identity";
    if (encoding !== "identity" && answer.status < 300)
      this.#reader.refuse(path, `the server sent it encoded: ${encoding.slice(0, 40)}`, {});
    return answer;
  }

  async get(path: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const { range } = options;
    if (range !== undefined && "suffix" in range) return this.#getEnd(path, range.suffix, options);
    return getInParts((part) => getObject(this.#reader, path, part), path, options, this.#of.parts);
  }

  /** The service has no ranges from the end: the length is learned first. */
  async #getEnd(
    path: string,
    suffix: number,
    options: GetOptions,
  ): Promise<StoredObject | undefined> {
    checkByteRange({ suffix }, path);
    for (let attempts = 1; attempts <= SUFFIX_ATTEMPTS_MAX; attempts++) {
      const info = await this.head(path, options);
      if (info === undefined) return undefined;
      const { sizeBytes, version } = info;
      const range = { start: Math.max(0, sizeBytes - suffix), end: sizeBytes };
      if (range.start === range.end) return { bytes: new Uint8Array(0), version };
      const reader = this.#readerOf(version.etag);
      const part = { range, objectBytes: sizeBytes, signal: options.signal };
      const found = await getInParts(
        (asked) => getObject(reader, path, asked),
        path,
        part,
        this.#of.parts,
      );
      if (found !== undefined) return found;
    }
    return this.#reader.refuse(path, "it is replaced as often as its end is asked for", {});
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
    const found = azureVersion(answer.headers);
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
    return {
      version: azureVersion(headers),
      sizeBytes,
      metadata: metadataIn(headers),
      ...(modified === null ? {} : { lastModified: new Date(modified) }),
    };
  }

  async put(path: string, body: PutBody, options: PutOptions): Promise<PutOutcome> {
    const key = this.#key(path);
    checkCondition(options.condition, path);
    const { condition, contentType, metadata = {}, objectKind, sizeBytes, signal } = options;
    signal?.throwIfAborted();
    const headers: Record<string, string> = {
      "x-ms-blob-content-type": contentType ?? "application/octet-stream",
      ...this.#tierHeader(objectKind),
      ...metadataHeaders(path, metadata),
    };
    const put = { key, path, body, sizeBytes, condition, headers, signal };
    return putBlob(this.#of.client, put, this.#of.parts);
  }

  #tierHeader(objectKind: ObjectKind | undefined): Record<string, string> {
    const tier = storageClassOf(objectKind, this.#of.settings);
    return tier === undefined ? {} : { "x-ms-access-tier": tier };
  }

  async copy(
    from: string,
    to: string,
    options: Parameters<Storage["copy"]>[2],
  ): ReturnType<Storage["copy"]> {
    const sourceKey = this.#key(from);
    const key = this.#key(to);
    const { ifMatch, objectKind, signal } = options;
    if (ifMatch !== undefined) checkCondition({ ifMatch }, from);
    signal?.throwIfAborted();
    const headers = this.#tierHeader(objectKind);
    const etag = ifMatch === undefined ? undefined : (ifMatch.etag ?? "");
    const outcome = await copyBlob(this.#of.client, { sourceKey, key, etag, headers, signal });
    if (outcome === "copied") return { outcome };
    if (ifMatch === undefined) throw absentSource(from);
    return { outcome: "condition-failed" };
  }

  async *list(prefix: string, options: Abortable = {}): AsyncGenerator<ListEntry> {
    checkListPrefix(prefix);
    yield* listBlobs(this.#of.client, this.#folder, prefix, options.signal);
  }

  async delete(paths: readonly string[], options: Abortable = {}): Promise<DeleteOutcome[]> {
    for (const path of paths) checkAzurePath(path);
    options.signal?.throwIfAborted();
    return deleteBlobs(this.#of.client, this.#folder, paths, options.signal);
  }

  async close(): Promise<void> {
    this.#of.close();
  }
}
