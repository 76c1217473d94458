/**
 * Downloads a file into a folder: whole or not at all, and on from where an earlier try stopped.
 *
 * Bytes go to `<name>.<entity tag>.part` at their own offsets, so that several processes may write
 * the same part at once; the complete part is renamed. Only a strong entity tag allows going on.
 */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isIcefloeError, makeError } from "../../base/errors.ts";

/** How far a download is. */
export interface DownloadProgress {
  readonly receivedBytes: number;
  /** `undefined` if the server does not say. */
  readonly totalBytes: number | undefined;
}

/** What is downloaded, and how. */
export interface Download {
  readonly url: URL;
  readonly folder: string;
  readonly name: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: DownloadProgress) => void) | undefined;
  /** Throws if the file that begins with `bytes` is not what was wanted. */
  readonly checkStart: (bytes: Uint8Array) => void;
}

/** Tries of one download; each goes on where the last one broke off. */
const TRIES_MAX = 4;
const START_BYTES = 8;

/** Resolves to the path of the complete file. */
export async function download(wanted: Download): Promise<string> {
  await mkdir(wanted.folder, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const before = await findPart(wanted);
    try {
      return await tryDownload(wanted, before);
    } catch (error) {
      wanted.signal?.throwIfAborted();
      // Another try is of use where bytes have come in, or where an answer had begun and broke off:
      // what had arrived of it may be lost with the connection.
      const after = await findPart(wanted);
      const hasGrown = (after?.sizeBytes ?? 0) > (before?.sizeBytes ?? 0);
      const hadAnswer = after !== undefined && !isIcefloeError(error);
      if (attempt >= TRIES_MAX || !(hasGrown || hadAnswer)) throw error;
    }
  }
}

interface Part {
  readonly path: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** What an earlier try left, with the tag that it belongs to. */
async function findPart({
  folder,
  name,
}: Pick<Download, "folder" | "name">): Promise<Part | undefined> {
  const pattern = new RegExp(`^${name.replaceAll(".", "\\.")}\\.([A-Za-z0-9_-]+)\\.part$`);
  for (const file of await readdir(folder)) {
    const tag = pattern.exec(file)?.[1];
    if (tag === undefined) continue;
    const path = join(folder, file);
    const sizeBytes = await sizeOf(path);
    // Another process may have finished it between the listing and now.
    if (sizeBytes !== undefined) return { path, etag: decodeTag(tag), sizeBytes };
  }
  return undefined;
}

let partCount = 0;

/** `undefined` if there is no such file. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

function encodeTag(etag: string): string {
  return btoa(etag).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decodeTag(tag: string): string {
  return atob(tag.replaceAll("-", "+").replaceAll("_", "/"));
}

async function tryDownload(wanted: Download, part: Part | undefined): Promise<string> {
  const response = await request(wanted, part);
  const isContinued = response.status === 206 && part !== undefined;
  const etag = response.headers.get("etag");
  const start = isContinued ? part.sizeBytes : 0;
  const rest = response.headers.get("content-length");
  const totalBytes = rest === null ? undefined : start + Number(rest);
  const isStrong = etag?.startsWith('"') === true;
  // Without a strong tag the part is this process's own, and of no use after a failure.
  const fresh = isStrong
    ? `${encodeTag(etag as string)}.part`
    : `${process.pid}-${partCount++}.tmp`;
  const path = isContinued ? part.path : join(wanted.folder, `${wanted.name}.${fresh}`);
  const handle = await openPart(path);
  try {
    await writeBody(wanted, response, handle, { start, totalBytes });
    await handle.sync();
    const head = new Uint8Array(START_BYTES);
    const { bytesRead } = await handle.read(head, 0, START_BYTES, 0);
    wanted.checkStart(head.subarray(0, bytesRead));
  } catch (error) {
    const isWrong = isIcefloeError(error, "invalid-file-format");
    if (!isStrong || isWrong) await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return finish(wanted, path);
}

async function request(wanted: Download, part: Part | undefined): Promise<Response> {
  const { url, signal } = wanted;
  // Compressed on the way, offsets would not be those of the file.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (part !== undefined && part.sizeBytes > 0) {
    headers["range"] = `bytes=${part.sizeBytes}-`;
    headers["if-range"] = part.etag;
  }
  const response = await wanted.fetch(url, {
    headers,
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.status === 200 || response.status === 206) return response;
  await response.body?.cancel();
  if (response.status === 416 && part !== undefined) {
    await rm(part.path, { force: true });
    return request(wanted, undefined);
  }
  throw makeError("io", `${url.href}: the server answers ${response.status}`, {
    details: { url: url.href, status: response.status },
  });
}

async function openPart(path: string): Promise<FileHandle> {
  // Made if it is missing, but never emptied: another process may be writing the same bytes.
  await (await open(path, "a")).close();
  return open(path, "r+");
}

async function writeBody(
  { url, onProgress }: Download,
  response: Response,
  handle: FileHandle,
  { start, totalBytes }: { start: number; totalBytes: number | undefined },
): Promise<void> {
  let receivedBytes = start;
  onProgress?.({ receivedBytes, totalBytes });
  const body = response.body as unknown as AsyncIterable<Uint8Array> | null;
  for await (const bytes of body ?? []) {
    let written = 0;
    while (written < bytes.length) {
      const rest = bytes.subarray(written);
      const { bytesWritten } = await handle.write(rest, 0, rest.length, receivedBytes + written);
      written += bytesWritten;
    }
    receivedBytes += bytes.length;
    onProgress?.({ receivedBytes, totalBytes });
  }
  if (totalBytes !== undefined && receivedBytes !== totalBytes) {
    throw makeError("io", `${url.href}: got ${receivedBytes} of ${totalBytes} bytes`, {
      details: { url: url.href, receivedBytes, totalBytes },
    });
  }
  // An older, longer part of the same name would leave a tail.
  await handle.truncate(receivedBytes);
}

async function finish({ folder, name }: Download, part: string): Promise<string> {
  const path = join(folder, name);
  try {
    await rename(part, path);
  } catch (error) {
    // Another process has finished the same part.
    if ((await sizeOf(path)) === undefined) throw error;
  }
  // What is left of other versions of the file will never be finished.
  const rest = await findPart({ folder, name });
  if (rest !== undefined) await rm(rest.path, { force: true });
  return path;
}
