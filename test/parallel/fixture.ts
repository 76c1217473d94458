/** A repository in a temporary folder with one committed array, for executors of other processes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Repository, type Session } from "icefloe";
import { localFilesystemStorage } from "icefloe/storage/local";
import { createArray } from "icefloe/zarr";
import { onTestFinished } from "vitest";

export const COLUMNS = 200; // 800 bytes a row: native chunks.
export const WORKER: URL = new URL("./workers/fill.mjs", import.meta.url);

/** /a is int32 [rows, COLUMNS], a row per chunk. The folder is removed when the test has finished. */
export async function folderWithArray(
  rows: number,
): Promise<{ folder: string; repository: Repository; session: Session }> {
  const folder = await mkdtemp(join(tmpdir(), "icefloe-parallel-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const repository = await Repository.create(localFilesystemStorage(join(folder, "repo")));
  const setup = await repository.writableSession("main");
  await createArray(setup.store, "/a", {
    shape: [rows, COLUMNS],
    chunkShape: [1, COLUMNS],
    dtype: "int32",
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
  });
  await setup.commit("array");
  return { folder, repository, session: await repository.writableSession("main") };
}

/** The first value of every row; 0 where nothing was written. */
export async function firstValues(session: Session, rows: number): Promise<number[]> {
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    const bytes = await session.store.get(`a/c/${row}/0`);
    values.push(
      bytes === undefined ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true),
    );
  }
  return values;
}

/** Tasks for rows [0, rows). */
export function rowTasks(rows: number): { row: number; columns: number }[] {
  return Array.from({ length: rows }, (_, row) => ({ row, columns: COLUMNS }));
}
