/**
 * Subtrees in lists sorted by the UTF-8 bytes of paths. "/a-b" sorts between "/a" and "/a/b", but
 * what begins with "/a/" is one run, and where a child's own subtree ends is known without a look.
 */
import { ROOT_PATH } from "./node-path.ts";

/** The entries of a sorted list whose path is not before `path`, in order. */
type EntriesFrom<T> = (path: string) => Iterable<T>;

/** The entries strictly below `path`. */
export function* entriesBelow<T extends { readonly path: string }>(
  path: string,
  entriesFrom: EntriesFrom<T>,
): Iterable<T> {
  const prefix = prefixBelow(path);
  for (const entry of entriesFrom(prefix)) {
    if (!entry.path.startsWith(prefix)) return;
    if (entry.path !== path) yield entry;
  }
}

/** The entries right below `path`; what is below them is passed over, one step for each. */
export function* childEntries<T extends { readonly path: string }>(
  path: string,
  entriesFrom: EntriesFrom<T>,
): Iterable<T> {
  const prefix = prefixBelow(path);
  let start: string | undefined = prefix;
  while (start !== undefined) {
    const entries: Iterable<T> = entriesFrom(start);
    start = undefined;
    for (const entry of entries) {
      if (!entry.path.startsWith(prefix)) return;
      const slash = entry.path.indexOf("/", prefix.length);
      if (slash < 0) {
        if (entry.path !== path) yield entry;
        continue;
      }
      start = `${entry.path.slice(0, slash)}0`; // "0" comes right after "/".
      break;
    }
  }
}

function prefixBelow(path: string): string {
  return path === ROOT_PATH ? ROOT_PATH : `${path}/`;
}
