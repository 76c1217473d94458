/**
 * Parts of icefloe that are loaded on first use, so that a failure can be told and repeated. Node 20
 * remembers a failed import until it ends; mostly no descriptor was left to read a file with. So an
 * import is begun only when there are some.
 */
import { isIcefloeError, makeError } from "./errors.ts";

/** Files that one import may have open at once; the largest part has a breadth of 18. */
const DESCRIPTORS = 24;

interface Handle {
  close(): Promise<void>;
}

/**
 * A function that loads a part of icefloe, once. After a failure the next call tries again.
 * @throws {io} when called, if the part cannot be loaded now
 */
export function lazyPart<T>(load: () => Promise<T>): () => Promise<T> {
  let part: Promise<T> | undefined;
  const attempt = async (): Promise<T> => {
    try {
      await assertDescriptors();
      return await load();
    } catch (cause) {
      part = undefined;
      throw isIcefloeError(cause) ? cause : notLoaded(cause);
    }
  };
  return () => {
    part ??= attempt();
    return part;
  };
}

function notLoaded(cause: unknown): Error {
  return makeError("io", "a part of the program could not be loaded now", { cause });
}

/** Before an import. Elsewhere than in Node: nothing. @throws {io} too few files can be opened now */
async function assertDescriptors(): Promise<void> {
  const { process } = globalThis as {
    process?: { execPath: string; getBuiltinModule?: (name: string) => unknown };
  };
  const files = process?.getBuiltinModule?.("node:fs/promises") as
    | { open(path: string): Promise<Handle> }
    | undefined;
  if (process === undefined || files === undefined) return;
  const { execPath } = process;
  const opened = await Promise.allSettled(
    Array.from({ length: DESCRIPTORS }, () => files.open(execPath)),
  );
  let failed: PromiseRejectedResult | undefined;
  for (const one of opened) {
    if (one.status === "fulfilled") await one.value.close();
    else failed = one;
  }
  if (failed !== undefined) throw notLoaded(failed.reason);
}
