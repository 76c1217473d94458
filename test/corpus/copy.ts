/** One file of the corpus: opened and copied by icefloe, and judged by xarray. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dataset, openNetcdf } from "../../src/dataset/node/index.ts";
import { isIcefloeError, Repository } from "../../src/index.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import type { Oracle } from "../interop/oracle.ts";
import { show } from "./show.ts";

const GROUP = "copy";

/** What became of one operation, and why where it is not "equal". */
export interface Outcome {
  readonly outcome: "equal" | "different" | "refused";
  readonly why: string;
}

/** What became of a file. */
export interface Verdict {
  /** Why xarray cannot open it either, so that there is no judge; else empty. */
  readonly closed: string;
  readonly opened: Outcome;
  readonly copied: Outcome;
  /** What xarray finds different in its own copy, where ours is not equal. */
  readonly own: string;
}

interface Answer {
  readonly refused: string;
  readonly shown: string;
  readonly copy: string;
  readonly own: string;
}

/**
 * Opens and copies a file, and asks `judge.py`; of a file that has nothing but groups, the first of
 * them. An error that has no kind rejects.
 */
export async function verdictOf(file: string, judge: Oracle): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "icefloe-corpus-"));
  try {
    const paths = { shown: join(folder, "shown"), copy: join(folder, "copy") };
    mkdirSync(paths.shown);
    const refusals = await tryBoth(file, paths.shown, paths.copy);
    const answer = await judge.call<Answer>("judge", {
      file,
      fileGroup: refusals.group ?? null,
      ...(refusals.shown === undefined && { shown: paths.shown }),
      ...(refusals.copy === undefined && { copy: paths.copy, group: GROUP }),
    });
    return {
      closed: answer.refused,
      opened: outcomeOf(refusals.shown, answer.shown),
      copied: outcomeOf(refusals.copy, answer.copy),
      own: answer.own,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcomeOf(refusal: string | undefined, difference: string): Outcome {
  if (refusal !== undefined) return { outcome: "refused", why: refusal };
  return { outcome: difference === "" ? "equal" : "different", why: difference };
}

interface Refusals {
  readonly group: string | undefined;
  readonly shown: string | undefined;
  readonly copy: string | undefined;
}

/** Why the file is not opened, and why it is not copied; `undefined` where it is. */
async function tryBoth(
  file: string,
  shown: string,
  copy: string,
  group?: string,
): Promise<Refusals> {
  let dataset: Dataset;
  try {
    dataset = await openNetcdf(file, { group });
  } catch (error) {
    const groups = isIcefloeError(error) ? (error.details["groups"] as string[] | undefined) : [];
    if (group === undefined && groups?.[0] !== undefined) {
      return tryBoth(file, shown, copy, groups[0]);
    }
    const refusal = wordsOf(error);
    return { group, shown: refusal, copy: refusal };
  }
  try {
    return {
      group,
      copy: await refusalOf(() => write(dataset, copy)),
      shown: await refusalOf(() => show(dataset, shown)),
    };
  } finally {
    await dataset.close();
  }
}

async function write(dataset: Dataset, path: string): Promise<void> {
  const storage = localFilesystemStorage(path, { durability: "none" });
  const session = await (await Repository.create(storage)).writableSession("main");
  await dataset.toZarr(session.store, { group: GROUP, mode: "w" });
  await session.commit("copy");
}

async function refusalOf(operation: () => Promise<void>): Promise<string | undefined> {
  try {
    await operation();
    return undefined;
  } catch (error) {
    return wordsOf(error);
  }
}

function wordsOf(error: unknown): string {
  if (!isIcefloeError(error)) throw error;
  return `${error.kind}: ${error.message}`;
}
