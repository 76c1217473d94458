/** Puts of metadata files. Loaded with the first one that is written. */
import type { Limiter } from "../base/concurrency.ts";
import type { FileType } from "../format/envelope.ts";
import { encodeEnvelope, objectMetadata } from "../format/envelope-write.ts";
import type { ObjectKind, PutOptions, Storage } from "../storage/port.ts";
import { putImmutable } from "./immutable-put.ts";

/** A metadata file to be written. */
interface MetadataFile {
  readonly path: string;
  readonly fileType: FileType;
  readonly objectKind: ObjectKind;
  readonly payload: Uint8Array;
  readonly compressionLevel: number;
}

/** A file on its way into the storage. */
export interface FilePut {
  /** Of the whole object. */
  readonly sizeBytes: number;
  readonly stored: Promise<void>;
}

/** Encodes `file` and begins to store it. `stored` rejects as a put does. @throws {unknown-outcome} */
export function beginFilePut(
  storage: Storage,
  requests: Limiter,
  file: MetadataFile,
  signal: AbortSignal | undefined,
): FilePut | Promise<FilePut> {
  const { path, fileType, objectKind } = file;
  const begin = (body: Uint8Array): FilePut => {
    const metadata = storage.capabilities.userMetadata ? objectMetadata(fileType) : undefined;
    const options = { objectKind, metadata, signal };
    return { sizeBytes: body.length, stored: put(storage, requests, path, body, options) };
  };
  const encoded = encodeEnvelope(file);
  return encoded instanceof Uint8Array ? begin(encoded) : encoded.then(begin);
}

async function put(
  storage: Storage,
  requests: Limiter,
  path: string,
  body: Uint8Array,
  options: Omit<PutOptions, "condition">,
): Promise<void> {
  const { signal } = options;
  const waiting = requests.enter(signal);
  if (waiting !== undefined) await waiting;
  try {
    signal?.throwIfAborted();
    await putImmutable(storage, path, body, options);
  } finally {
    requests.leave();
  }
}
