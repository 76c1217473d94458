/** Random edits of one small hierarchy through real sessions, and what a session then shows. */
import fc from "fast-check";
import { expect } from "vitest";
import {
  type ForkSession,
  memoryStorage,
  Repository,
  type Session,
  type Storage,
} from "../../src/index.ts";
import { array, GROUP, text } from "../unit/session/fixture.ts";

const PATHS = ["/a", "/g", "/g/b", "/g/h", "/g/h/c", "/n"];
const LENGTH = 4;

const edit = fc.record({
  path: fc.constantFrom(...PATHS),
  action: fc.constantFrom(
    "chunk" as const,
    "chunk" as const,
    "chunk" as const,
    "empty" as const,
    "group" as const,
    "array" as const,
    "delete" as const,
    "attributes" as const,
    "resize" as const,
    "retype" as const,
  ),
  at: fc.nat(LENGTH - 1),
  /** Few values, so that both sides sometimes write the same. */
  value: fc.nat(2),
});
/** One edit; what the hierarchy does not allow is left out. */
export type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;
/** A few edits. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(edit, { maxLength: 5 });

const keyOf = (path: string): string => `${path.slice(1)}/zarr.json`;

/** Does what the hierarchy allows: parents exist and are groups. */
export async function apply(
  session: Session | ForkSession,
  { path, action, at, value }: Edit,
): Promise<void> {
  const { store } = session;
  const typeAt = async (one: string): Promise<string | undefined> => {
    const bytes = await store.get(keyOf(one));
    return bytes && JSON.parse(new TextDecoder().decode(bytes)).node_type;
  };
  const type = await typeAt(path);
  const parent = path.slice(0, path.lastIndexOf("/"));
  const hasParent = parent === "" || (await typeAt(parent)) === "group";
  if (action === "delete") return store.delete(keyOf(path));
  if (action === "group" && type === undefined && hasParent) return store.set(keyOf(path), GROUP);
  if (action === "array" && type === undefined && hasParent) {
    return store.set(keyOf(path), array([LENGTH], [1]));
  }
  if (action === "attributes" && type === "group") {
    return store.set(keyOf(path), text(JSON.stringify({ ...parse(GROUP), attributes: { value } })));
  }
  if (type !== "array") return;
  const stored = (await store.get(keyOf(path))) as Uint8Array;
  const change = async (member: object): Promise<void> =>
    store.set(keyOf(path), text(JSON.stringify({ ...parse(stored), ...member })));
  if (action === "attributes") return change({ attributes: { value } });
  if (action === "resize") return change({ shape: [LENGTH - 1 + value] });
  if (action === "retype" && parse(stored).fill_value !== value) {
    // Chunks mean something else under another fill value: those that are there go.
    await store.deleteDir(`${path.slice(1)}/c`);
    return change({ fill_value: value });
  }
  if (at >= parse(stored).shape[0]) return;
  if (action === "chunk") {
    const written = `value ${value} under ${parse(stored).fill_value}`;
    return store.set(`${path.slice(1)}/c/${at}`, text(written));
  }
  if (action === "empty") return store.delete(`${path.slice(1)}/c/${at}`);
}

function parse(bytes: Uint8Array) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Groups and arrays, committed, with one chunk each; a session on top. */
export async function start(): Promise<{
  storage: Storage;
  repository: Repository;
  session: Session;
}> {
  const storage = memoryStorage();
  const repository = await Repository.create(storage);
  const setup = await repository.writableSession("main");
  for (const path of ["/g", "/g/h"]) await setup.store.set(keyOf(path), GROUP);
  for (const path of ["/a", "/g/b", "/g/h/c"]) {
    await setup.store.set(keyOf(path), array([LENGTH], [1]));
    await setup.store.set(`${path.slice(1)}/c/0`, text("old under 0"));
  }
  await setup.commit("start");
  return { storage, repository, session: await repository.writableSession("main") };
}

/** Everything that a session shows, node ids included. */
export async function contentOf(session: Session | ForkSession): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const key of session.store.list()) {
    content[key] = new TextDecoder().decode(await session.store.get(key));
    if (!key.endsWith("zarr.json")) continue;
    content[`id of ${key}`] = await session.getNodeId(`/${key.slice(0, -"/zarr.json".length)}`);
  }
  return content;
}

/** Every node below the root has a group above it; every chunk is read as it was written. */
export function assertHierarchy(content: Record<string, string>): void {
  for (const [key, value] of Object.entries(content)) {
    const [, path] = /^(.*)\/c\/\d+$/.exec(key) ?? [];
    if (path === undefined) continue;
    const { fill_value } = parse(text(content[`${path}/zarr.json`] as string));
    expect(value, key).toMatch(new RegExp(` under ${fill_value}$`));
  }
  for (const key of Object.keys(content)) {
    if (!key.endsWith("zarr.json") || key.startsWith("id of ")) continue;
    const parts = key.split("/").slice(0, -2);
    if (parts.length === 0) continue;
    const parent = content[`${parts.join("/")}/zarr.json`];
    expect(parent, `parent of ${key}`).toBeDefined();
    expect(parse(text(parent as string)).node_type, `parent of ${key}`).toBe("group");
  }
}
