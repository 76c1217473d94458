/**
 * What fuzzing starts from: files of the official engines (vectors of the format reference, and
 * whole repositories), files that icefloe writes, and bytes of its forks.
 */
import { ForkSession, memoryStorage, Repository, type Storage } from "../../src/index.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import {
  OFFICIAL_NAMES,
  officialFiles,
  readOfficial,
  SPEC_2_NAMES,
} from "../official-repositories.ts";
import { buildManifest } from "../unit/format/manifest/builder.ts";
import {
  bytesOf,
  TV7_FILE,
  TV11_FILE,
  TV17_DICTIONARY,
  TV17_LOCATIONS,
} from "../unit/format/manifest/vectors.ts";
import { OFFICIAL_FILES, officialFile } from "../unit/format/official-files.ts";
import { arrayDocument } from "../zarr-documents.ts";

/** The metadata files, as fuzzing names them. */
export type SeedType = "repo-info" | "snapshot" | "manifest" | "transaction-log";

/** One file to start from. */
export interface Seed {
  readonly type: SeedType;
  readonly name: string;
  readonly file: Uint8Array;
  readonly writer: "official" | "icefloe";
}

/** Everything that fuzzing starts from. */
export interface Corpus {
  readonly files: readonly Seed[];
  readonly forks: readonly Uint8Array[];
  /** Bytes of what has made forks, to merge them into. */
  readonly parents: readonly Uint8Array[];
  /** The repository that the forks belong to. */
  readonly storage: Storage;
}

const HEADER_BYTES = 39;
const CODES: Readonly<Record<number, SeedType>> = {
  1: "snapshot",
  2: "manifest",
  4: "transaction-log",
  6: "repo-info",
};
const FOLDERS = ["snapshots", "manifests", "transactions"] as const;

function seedOf(name: string, file: Uint8Array, writer: Seed["writer"]): Seed[] {
  const type = CODES[file[37] ?? 0];
  return type === undefined ? [] : [{ type, name, file, writer }];
}

/** Collects all seeds. The same code gives the same seeds, whatever the clock says. */
export async function loadCorpus(): Promise<Corpus> {
  const storage = memoryStorage({ runtime: simulatedRuntime({ seed: 1 }) });
  const made = await writeRepository(storage);
  const own: Seed[] = [];
  for await (const { path } of storage.list("")) {
    if (path.startsWith("chunks/")) continue;
    const file = (await storage.get(path))?.bytes;
    if (file !== undefined) own.push(...seedOf(path, file, "icefloe"));
  }
  return { files: [...officialSeeds(), ...own], ...made, storage };
}

function officialSeeds(): Seed[] {
  const vectors = OFFICIAL_FILES.flatMap((name) =>
    seedOf(name, officialFile(name).file, "official"),
  );
  const manifests = [TV7_FILE, TV11_FILE].flatMap((file, i) =>
    seedOf(`manifest vector ${i}`, file, "official"),
  );
  return [...vectors, ...manifests, compressedLocations(), ...repositorySeeds()];
}

/** Locations compressed with a trained dictionary, which icefloe reads and never writes. */
function compressedLocations(): Seed {
  const refs = TV17_LOCATIONS.map(([frame], i) => ({
    index: [i],
    length: 10n,
    compressedLocation: bytesOf(frame),
  }));
  const nodeId = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const payload = buildManifest({
    id: new Uint8Array(12).fill(7),
    arrays: [{ nodeId, refs }],
    dictionary: TV17_DICTIONARY,
  });
  return {
    type: "manifest",
    name: "dictionary",
    file: uncompressed(TV7_FILE, payload),
    writer: "official",
  };
}

/** A file with the header of `like`, its payload stored as it is. */
export function uncompressed(like: Uint8Array, payload: Uint8Array): Uint8Array {
  const file = new Uint8Array(HEADER_BYTES + payload.length);
  file.set(like.subarray(0, HEADER_BYTES));
  file[HEADER_BYTES - 1] = 0;
  file.set(payload, HEADER_BYTES);
  return file;
}

function repositorySeeds(): Seed[] {
  return OFFICIAL_NAMES.flatMap((name) => {
    const inFolders = FOLDERS.flatMap((folder) => officialFiles(name, folder));
    const paths = SPEC_2_NAMES.includes(name) ? [...inFolders, "repo"] : inFolders;
    return paths.flatMap((path) => seedOf(`${name}/${path}`, readOfficial(name, path), "official"));
  });
}

const text = new TextEncoder();
const group = (attributes: object = {}): Uint8Array =>
  text.encode(JSON.stringify({ zarr_format: 3, node_type: "group", attributes }));
const array = (shape: number[], chunkShape: number[]): Uint8Array =>
  text.encode(
    arrayDocument(shape, chunkShape, {
      attributes: { é: [1, 2.5, null] },
      dimension_names: shape.map((_, d) => (d === 0 ? "t" : null)),
    }),
  );

/** A repository with everything that icefloe writes; gives the bytes of forks made of it. */
async function writeRepository(storage: Storage): Promise<Pick<Corpus, "forks" | "parents">> {
  const runtime = simulatedRuntime({ seed: 2 });
  const anyArray = [
    { path_matches: { regex: ".*" } },
    [{ condition: "Any" as const, num_chunks: 4 }],
  ];
  const repository = await Repository.create(storage, {
    runtime,
    config: {
      inlineChunkThresholdBytes: 16,
      numUpdatesPerRepoInfoFile: 5,
      manifest: { splitting: { split_sizes: [anyArray as never] } },
      virtualChunkContainers: {
        "s3://bucket/": {
          urlPrefix: "s3://bucket/",
          store: { type: "S3", field0: { region: "eu" } },
        },
      },
    },
  });
  const session = await repository.writableSession("main");
  await session.store.set("zarr.json", group({ title: "seed" }));
  await session.store.set("g/zarr.json", group());
  await session.store.set("g/a/zarr.json", array([40, 3], [4, 1]));
  await session.store.set("s/zarr.json", array([], []));
  await session.store.set("s/c", Uint8Array.of(1, 2, 3));
  for (let t = 0; t < 10; t++) {
    await session.store.set(`g/a/c/${t}/0`, Uint8Array.of(t));
    await session.store.set(`g/a/c/${t}/1`, new Uint8Array(20).fill(t));
    const location = `s3://bucket/data/file-${t % 3}.nc`;
    const lastModified = new Date(1_700_000_000_000);
    const tag = t % 2 === 0 ? { etag: `"e${t}"` } : { lastModified };
    const ref = { location, offset: t * 1000, length: 100, ...tag };
    await session.store.setVirtualRef(`g/a/c/${t}/2`, ref, { validateContainer: false });
  }
  const dirtyParent = session.fork().toBytes();
  const dirtyFork = session.fork();
  await dirtyFork.store.set("g/a/c/1/0", Uint8Array.of(9));
  const first = await session.commit("first", { metadata: { by: "seed", n: [1, 2, { a: 1.5 }] } });
  await repository.createTag("v1", first);
  await repository.createTag("gone", first);
  await repository.deleteTag("gone");
  await repository.createBranch("side", first);
  const second = await repository.writableSession("main");
  await second.store.delete("g/a/c/0/0");
  await second.store.set("g/a/zarr.json", array([20, 3], [4, 1]));
  await second.store.delete("s/zarr.json");
  await second.commit("second");
  const third = await repository.writableSession("main");
  await third.store.set("g/b/zarr.json", array([8], [1]));
  await third.amend("third");
  await repository.saveConfig();
  const forks = [dirtyFork.toBytes(), dirtyFork.toBytes({ overlay: "omit" })];
  const more = await forksOf(repository, storage);
  return { forks: [...forks, ...more.forks], parents: [dirtyParent, ...more.parents] };
}

async function forksOf(
  repository: Repository,
  storage: Storage,
): Promise<Pick<Corpus, "forks" | "parents">> {
  const session = await repository.writableSession("main");
  const empty = session.fork().toBytes();
  await session.store.set("g/b/c/3", Uint8Array.of(1));
  await session.store.set("g/u/zarr.json", array([8], [1]));
  const parent = session.fork().toBytes();
  const fork = session.fork();
  await fork.store.set("g/b/c/4", new Uint8Array(30));
  await fork.store.set("n/zarr.json", group());
  await fork.store.delete("g/a/zarr.json");
  await fork.store.set("g/u/c/1", Uint8Array.of(1));
  const bytes = fork.toBytes();
  const runtime = simulatedRuntime({ seed: 3 });
  const copy = await ForkSession.fromBytes(bytes, { storage, runtime });
  for (let i = 0; i < 8; i += 2) await copy.store.set(`g/b/c/${i}`, Uint8Array.of(i));
  await copy.store.delete("g/b/c/1");
  const ref = { location: "s3://bucket/data/x.nc", offset: 1, length: 2 };
  await copy.store.setVirtualRef("g/b/c/5", ref, { validateContainer: false });
  const results = [bytes, copy.toBytes(), copy.toBytes({ overlay: "omit" })];
  return { forks: [empty, ...results], parents: [parent] };
}
