/** Objects in a bucket of Google Cloud Storage. Versions are generations: every write has its own. */
import { makeError } from "../../base/errors.ts";
import { type Abortable, checkOption, mustBe, type OptionKind } from "../../base/options.ts";
import type { Runtime } from "../../base/runtime.ts";
import type { StorageSettings } from "../../format/config/storage.ts";
import { getInParts, type PartLimits } from "../http/get-in-parts.ts";
import { getObject, type ObjectReader } from "../http/get-object.ts";
import { isFieldValue } from "../http/header-fields.ts";
import { type HttpAnswer, httpError } from "../http/http-request.ts";
import { SETTINGS_HONOURED } from "../http/settings.ts";
import { storageClassOf } from "../http/storage-class.ts";
import { checkListPrefix, checkObjectPath } from "../object-path.ts";
import type {
  DeleteOutcome,
  GetOptions,
  ListEntry,
  ObjectInfo,
  ObjectVersion,
  PutBody,
  PutOptions,
  PutOutcome,
  Storage,
  StorageCapabilities,
  StorageHint,
  StoredObject,
} from "../port.ts";
import { bodyPieces, checkWhole, firstPiece, isWholeBody } from "../put-body.ts";
import { checkCondition } from "../put-condition.ts";
import { bucketFailure, type GcsClient } from "./client.ts";
import { copyObject } from "./copy.ts";
import { deleteOneByOne } from "./delete.ts";
import { generationOf } from "./json-answer.ts";
import { listBucket } from "./list.ts";
import { lookUp } from "./look-up.ts";
import { type GcsPut, gcsVersion, generationIn, putWhole } from "./put.ts";
import { pieceStep, putInPieces } from "./resumable.ts";

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

/** The longest object that can be held in one piece. */
const OBJECT_BYTES_MAX = 2 ** 32;

/** What a storage of Google Cloud Storage works with. */
interface GcsStorageParts {
  readonly client: GcsClient;
  readonly runtime: Runtime;
  readonly settings: StorageSettings;
  readonly parts: PartLimits & {
    /** Objects of this size and more are put in pieces. */
    readonly resumableBytesMin: number;
  };
  /** Ends the connections. */
  close(): void;
  /** The same target with other settings. */
  again(settings: StorageSettings): Storage;
}

const fieldValue: OptionKind = (value) =>
  isFieldValue(value) ? undefined : mustBe("a text of ASCII letters", value);

export class GcsStorage implements Storage {
  readonly id: string;
  readonly capabilities: StorageCapabilities = CAPABILITIES;
  readonly settingsHonoured = SETTINGS_HONOURED;
  readonly #of: GcsStorageParts;
  readonly #folder: string;
  readonly #reader: ObjectReader;

  constructor(parts: GcsStorageParts) {
    const { bucket, folder, endpoint } = parts.client.target;
    this.#of = parts;
    this.#folder = folder;
    const server = endpoint.host === "storage.googleapis.com" ? "" : ` at ${endpoint.host}`;
    this.id = `gs://${bucket}/${folder}${server}`;
    this.#reader = {
      ask: (path, range, signal) =>
        this.#ask(path, {}, range === undefined ? {} : { range }, signal),
      head: (path, signal) => this.head(path, { signal }),
      versionOf: (headers) => gcsVersion(headers.get("x-goog-generation")),
      refuse: (path, reason, details, kind = "unexpected-response") => {
        throw httpError(kind, parts.client.objectUrl(this.#name(path)), reason, details);
      },
    };
  }

  describe(): StorageHint {
    return this.#of.client.target.hint;
  }

  withSettings(settings: StorageSettings): Storage {
    return this.#of.again(settings);
  }

  #name(path: string): string {
    checkObjectPath(path);
    return `${this.#folder}${path}`;
  }

  /** An answer of status 200, 206, 304 or 416; `undefined` for what is absent. */
  async #ask(
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer | undefined> {
    const url = this.#of.client.objectUrl(this.#name(path));
    signal?.throwIfAborted();
    const expected = [200, 404];
    if ("range" in headers) expected.push(206, 416);
    if ("ifGenerationNotMatch" in query) expected.push(304);
    const answer = await this.#of.client.request({
      url,
      method: "GET",
      query: { alt: "media", ...query },
      headers,
      bytesMax: OBJECT_BYTES_MAX,
      cache: "no-store", // Browsers answer ranges from what they remember of another version.
      signal,
      isExpected: (status) => expected.includes(status),
      failureOf: bucketFailure,
    });
    if (answer.status === 404) return undefined;
    const encoding = answer.headers.get("content-encoding") ?? "identity";
    if (encoding !== "identity" && answer.status < 300)
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
    const known = generationOf(version.generation);
    const query: Record<string, string> =
      known === undefined ? {} : { ifGenerationNotMatch: known };
    const answer = await this.#ask(path, query, {}, options.signal);
    if (answer === undefined) return undefined;
    const found = this.#reader.versionOf(answer.headers);
    // Not every server knows the condition.
    if (answer.status === 304 || (known !== undefined && found.generation === known))
      return "unchanged";
    return { bytes: answer.bytes, version: found };
  }

  async head(path: string, options: Abortable = {}): Promise<ObjectInfo | undefined> {
    const name = this.#name(path);
    options.signal?.throwIfAborted();
    const found = await lookUp(this.#of.client, name, options.signal);
    if (found === undefined) return undefined;
    const { contentType: _, ...info } = found;
    return info;
  }

  async put(path: string, body: PutBody, options: PutOptions): Promise<PutOutcome> {
    const name = this.#name(path);
    const { condition, metadata = {}, objectKind, sizeBytes, signal } = options;
    const { contentType = "application/octet-stream" } = options;
    checkCondition(condition, path);
    checkOption("put", "contentType", contentType, fieldValue);
    signal?.throwIfAborted();
    const { client, runtime, settings, parts } = this.#of;
    const put: GcsPut = {
      name,
      path,
      body,
      sizeBytes,
      condition,
      contentType,
      metadata,
      storageClass: storageClassOf(objectKind, settings),
      signal,
    };
    const pieces = bodyPieces(body, pieceStep(parts.partBytes), put);
    if (isWholeBody(body)) {
      checkWhole(body, put);
      if (body.length >= parts.resumableBytesMin) return putInPieces(client, put, pieces);
      return putWhole(client, { ...put, body }, runtime);
    }
    const { first, all } = await firstPiece(pieces);
    return first.isLast
      ? putWhole(client, { ...put, body: first.bytes }, runtime)
      : putInPieces(client, put, all);
  }

  async copy(
    from: string,
    to: string,
    options: Parameters<Storage["copy"]>[2],
  ): ReturnType<Storage["copy"]> {
    const names = { from: this.#name(from), to: this.#name(to) };
    const { ifMatch, objectKind, signal } = options;
    const generation = ifMatch === undefined ? undefined : generationIn(ifMatch, from);
    signal?.throwIfAborted();
    const storageClass = storageClassOf(objectKind, this.#of.settings);
    const isCopied = await copyObject(this.#of.client, {
      ...names,
      generation,
      storageClass,
      signal,
    });
    if (isCopied) return { outcome: "copied" };
    if (ifMatch !== undefined) return { outcome: "condition-failed" };
    throw makeError("object-not-found", `copy of ${from}: no such object`, {
      details: { path: from },
    });
  }

  async *list(prefix: string, options: Abortable = {}): AsyncGenerator<ListEntry> {
    checkListPrefix(prefix);
    yield* listBucket(this.#of.client, this.#folder, prefix, options.signal);
  }

  async delete(paths: readonly string[], options: Abortable = {}): Promise<DeleteOutcome[]> {
    for (const path of paths) checkObjectPath(path);
    options.signal?.throwIfAborted();
    return deleteOneByOne(this.#of.client, this.#folder, paths, options.signal);
  }

  async close(): Promise<void> {
    this.#of.close();
  }
}
