/**
 * Parts of icefloe that are loaded on first use, so that a failure can be told and repeated. Node 20
 * remembers a failed import until it ends; mostly no descriptor was left to read a file with. So an
 * import is begun only when there are some.
 */
import { isIcefloeError, makeError } from "./errors.ts";

/** Files that one import may have open at once; the largest part has a breadth of 18. */
const DESCRIPTORS = 24;
/** Codes of errors that say: no more files can be opened. */
const EXHAUSTED: readonly unknown[] = ["EMFILE", "ENFILE"];

interface Handle {
  close(): Promise<void>;
}

/**
 * A function that loads a part of icefloe, once. After a failure the next call tries again.
 * `loaded` is the part once it is there: what needs it often does not wait for it again.
 * @throws {io} when called, if the part cannot be loaded now
 */
export function lazyPart<T>(
  load: () => Promise<T>,
): (() => Promise<T>) & { readonly loaded: T | undefined } {
  let part: Promise<T> | undefined;
  const attempt = async (): Promise<T> => {
    try {
      await assertDescriptors();
      lazy.loaded = await load();
      return lazy.loaded;
    } catch (cause) {
      part = undefined;
      throw isIcefloeError(cause) ? cause : notLoaded(cause);
    }
  };
  const ask = (): Promise<T> => {
    part ??= attempt();
    return part;
  };
  const lazy = Object.assign(ask, { loaded: undefined as T | undefined });
  return lazy;
}

function notLoaded(cause: unknown): Error {
  return makeError("io", "a part of the program could not be loaded now", { cause });
}

/**
 * Before an import. Elsewhere than in Node: nothing.
 * @throws {io} too few files can be opened now; what else keeps this one file from being opened
 *   (a permission, another program in its place) says nothing about the import
 */
async function assertDescriptors(): Promise<void> {
  const { process } = globalThis as {
    process?: {
      versions?: { node?: string; bun?: string; deno?: string };
      execPath: string;
      getBuiltinModule?: (name: string) => unknown;
    };
  };
  const { node, bun, deno } = process?.versions ?? {};
  if (process === undefined || node === undefined || (bun ?? deno) !== undefined) return;
  const files = process.getBuiltinModule?.("node:fs/promises") as
    | { open(path: string): Promise<Handle> }
    | undefined;
  if (files === undefined) return;
  const { execPath } = process;
  const opened = await Promise.allSettled(
    Array.from({ length: DESCRIPTORS }, () => files.open(execPath)),
  );
  let missing: unknown;
  for (const one of opened) {
    if (one.status === "fulfilled") await one.value.close();
    else if (EXHAUSTED.includes(one.reason?.code)) missing = one.reason;
  }
  if (missing !== undefined) throw notLoaded(missing);
}
