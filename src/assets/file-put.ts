/** Puts of metadata files. Loaded with the first one that is written. */
import type { Limiter } from "../base/concurrency.ts";
import type { FileType } from "../format/envelope.ts";
import { encodeEnvelope, objectMetadata } from "../format/envelope-write.ts";
import type { ObjectKind, Storage } from "../storage/port.ts";
import { putImmutable } from "./immutable-put.ts";

/** A metadata file to be written. */
interface MetadataFile {
  readonly path: string;
  readonly fileType: FileType;
  readonly objectKind: ObjectKind;
  readonly payload: Uint8Array;
  readonly compressionLevel: number;
}

/** Stores `file`, and resolves to the bytes of the whole object. @throws {unknown-outcome} */
export async function putFile(
  storage: Storage,
  requests: Limiter,
  file: MetadataFile,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { path, fileType, objectKind } = file;
  const encoded = encodeEnvelope(file);
  const body = encoded instanceof Uint8Array ? encoded : await encoded;
  const metadata = storage.capabilities.userMetadata ? objectMetadata(fileType) : undefined;
  const waiting = requests.enter(signal);
  if (waiting !== undefined) await waiting;
  try {
    signal?.throwIfAborted();
    await putImmutable(storage, path, body, { objectKind, metadata, signal });
  } finally {
    requests.leave();
  }
  return body.length;
}
