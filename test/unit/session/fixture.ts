/** A repository in memory with one committed array, as most session tests need it. */
import { memoryStorage, Repository, type Session, type Storage } from "../../../src/index.ts";
import { arrayDocument } from "../../zarr-documents.ts";

/** The zarr.json of a group. */
export const GROUP: Uint8Array = text('{"zarr_format":3,"node_type":"group","attributes":{}}');

/** The zarr.json of a uint8 array. */
export function array(shape: number[], chunkShape: number[], extra: object = {}): Uint8Array {
  return text(arrayDocument(shape, chunkShape, extra));
}

/** UTF-8 bytes. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Text of UTF-8 bytes. */
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** `byteCount` bytes of one value: above 512 a native chunk, else inline. */
export function chunk(byteCount: number, value = 1): Uint8Array {
  return new Uint8Array(byteCount).fill(value);
}

/** Root group and array /a ([8] in chunks of 1), committed; a writable session on top. */
export async function repositoryWithArray(
  storage: Storage = memoryStorage(),
): Promise<{ repository: Repository; session: Session; storage: Storage }> {
  const repository = await Repository.create(storage);
  const setup = await repository.writableSession("main");
  await setup.store.set("zarr.json", GROUP);
  await setup.store.set("a/zarr.json", array([8], [1]));
  await setup.commit("array");
  return { repository, session: await repository.writableSession("main"), storage };
}

/** The error that `promise` rejects with; fails if it resolves. */
export async function rejection(
  promise: Promise<unknown>,
): Promise<Error & { kind?: string; details?: Record<string, unknown> }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected a rejection");
}

/** The error kind that `promise` rejects with. */
export async function kindOf(promise: Promise<unknown>): Promise<string | undefined> {
  return (await rejection(promise)).kind;
}
