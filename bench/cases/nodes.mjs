/** Many groups and arrays in one session: written again, deleted, listed. */
import { check, GROUP } from "../array.mjs";
import { measured } from "../measure.mjs";

const CHILDREN = 10;
const keyAt = (at) => `group-${at % CHILDREN}/group-${at}/zarr.json`;
const otherGroup = (at) =>
  Buffer.from(JSON.stringify({ zarr_format: 3, node_type: "group", attributes: { at } }));

/** A committed repository with `n` groups below ten of the root. */
async function write({ engine, size }) {
  const session = await engine.writable(await engine.create());
  await session.store.set("zarr.json", GROUP);
  for (let at = 0; at < CHILDREN; at++) await session.store.set(`group-${at}/zarr.json`, GROUP);
  for (let at = 0; at < size.n; at++) await session.store.set(keyAt(at), GROUP);
  await session.commit("groups");
  return {};
}

async function openDirty({ engine }) {
  const session = await engine.writable(await engine.open());
  await session.store.set("one-more/zarr.json", GROUP);
  return session;
}

async function overwrite(run) {
  const { store } = await openDirty(run);
  const all = await measured(async () => {
    for (let at = 0; at < run.size.n; at++) await store.set(keyAt(at), otherGroup(at));
  });
  const last = JSON.parse(Buffer.from(await store.get(keyAt(run.size.n - 1))).toString());
  check(last.attributes.at, run.size.n - 1, "the last group's attribute");
  return all;
}

async function remove(run) {
  const { store } = await openDirty(run);
  const all = await measured(async () => {
    for (let at = 0; at < run.size.n; at++) await store.delete(keyAt(at));
  });
  check(await store.exists(keyAt(run.size.n - 1)), false, "the last group");
  return all;
}

/** The ten groups of the root, however many are below them. */
async function list({ engine, size }) {
  const session = await engine.readonly(await engine.open());
  const found = await engine.listDir(session, "");
  check(found.length, CHILDREN + 1, "names under the root");
  const all = await measured(async () => {
    for (let at = 0; at < size.lists; at++) await engine.listDir(session, "");
  });
  return { ...all, ms: all.ms / size.lists };
}

const SIZES = {
  full: [5000, 10_000, 20_000].map((n) => ({ n, lists: 400 })),
  short: [50, 100].map((n) => ({ n, lists: 2 })),
};

export const cases = [
  {
    name: "nodes",
    title: "n groups, local",
    place: { kind: "local", durability: "none" },
    sizes: SIZES,
    sides: { icefloe: { engine: "icefloe" }, official: { engine: "official" } },
    phases: { write, overwrite, remove, list },
    growth: [
      { label: "overwritten one by one", unit: "ms", of: (r) => r.overwrite.ms, exponent: 1.25 },
      { label: "deleted one by one", unit: "ms", of: (r) => r.remove.ms, exponent: 1.25 },
      { label: "listDir of ten above them", unit: "ms", of: (r) => r.list.ms, exponent: 0.25 },
    ],
  },
];
