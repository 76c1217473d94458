/**
 * What one writer did against what another wants to commit: the official engine's answers in all
 * 16 x 16 cases, as measured with its detector, and the cases in which icefloe answers otherwise.
 */

/** The actions, rows and columns alike. `/a` and `/b` are arrays of 5 chunks, `/g` is a group. */
export const ACTIONS = [
  "chunk a/0",
  "chunk a/1",
  "del chunk a/0",
  "del absent a/4",
  "chunk b/0",
  "meta a",
  "meta g",
  "del a",
  "del g",
  "del+new a",
  "a→group",
  "new n (group)",
  "new n (array)",
  "new g/k",
  "new n/k",
  "new a/k",
] as const;

/** One of the actions. */
export type Action = (typeof ACTIONS)[number];

const TYPE_OF_LETTER: Readonly<Record<string, string>> = {
  A: "zarr-metadata-update-of-deleted-array",
  C: "chunk-double-update",
  D: "delete-of-updated-array",
  E: "delete-of-updated-group",
  G: "zarr-metadata-update-of-deleted-group",
  I: "new-node-in-invalid-group",
  M: "zarr-metadata-double-update",
  N: "new-node-conflicts-with-existing-node",
  U: "chunks-updated-in-updated-array",
  X: "chunks-updated-in-deleted-array",
};

/** Rows: theirs, committed first. Columns: ours, in the order of `ACTIONS`. A dot: no conflict. */
const OFFICIAL: Readonly<Record<Action, string>> = {
  "chunk a/0": "C  .  C  .  .  .  .  D  .  D  D  .  .  .  .  I",
  "chunk a/1": ".  C  .  .  .  .  .  D  .  D  D  .  .  .  .  I",
  "del chunk a/0": "C  .  C  .  .  .  .  D  .  D  D  .  .  .  .  I",
  "del absent a/4": ".  .  .  C  .  .  .  D  .  D  D  .  .  .  .  I",
  "chunk b/0": ".  .  .  .  C  .  .  .  .  .  .  .  .  .  .  I",
  "meta a": "U  U  U  U  .  M  .  D  .  D  D  .  .  .  .  I",
  "meta g": ".  .  .  .  .  .  M  .  E  .  .  .  .  .  .  I",
  "del a": "X  X  X  X  .  A  .  .  .  .  .  .  .  .  .  .",
  "del g": ".  .  .  .  .  .  G  .  .  .  .  .  .  .  .  I",
  "del+new a": "X  X  X  X  .  A  .  .  .  .  .  .  .  .  .  I",
  "a→group": "X  X  X  X  .  A  .  .  .  .  .  .  .  .  .  .",
  "new n (group)": ".  .  .  .  .  .  .  .  .  .  .  N  N  .  .  I",
  "new n (array)": ".  .  .  .  .  .  .  .  .  .  .  N  N  .  I  I",
  "new g/k": ".  .  .  .  .  .  .  .  .  .  .  .  .  N  .  I",
  "new n/k": ".  .  .  .  .  .  .  .  .  .  .  .  .  .  N  I",
  "new a/k": ".  .  .  .  .  .  .  .  .  .  .  .  .  .  .  IN",
};

/**
 * Where the official engine reports nothing and leaves damage behind, icefloe reports a conflict:
 * a path that would exist twice, their new node lost, or a child left without its parent.
 */
const MENDED: Readonly<Record<string, string>> = {
  // Both replaced the node: its path would exist twice, or theirs would vanish unseen.
  "del+new a | del+new a": "N",
  "del+new a | a→group": "N",
  "a→group | del+new a": "N",
  "a→group | a→group": "N",
  // They replaced the node that we delete: theirs would survive our delete.
  "del+new a | del a": "D",
  "a→group | del a": "E",
  // A child would be left without its parent, or below an array.
  "del a | new a/k": "I",
  "del g | new g/k": "I",
  "new g/k | del g": "I",
  "new a/k | del a": "I",
  "new a/k | del+new a": "I",
  "new n/k | new n (array)": "I",
};

/** Types of conflict that icefloe must report for ours over theirs, sorted. */
export function expectedConflicts(theirs: Action, ours: Action): string[] {
  const official = OFFICIAL[theirs].split(/\s+/)[ACTIONS.indexOf(ours)] as string;
  const letters = MENDED[`${theirs} | ${ours}`] ?? official;
  return [...letters.replace(".", "")].map((letter) => TYPE_OF_LETTER[letter] as string).sort();
}
