/** The real thing that runs beside the model: a repository, its sessions and forks. */
import {
  ForkSession,
  isIcefloeError,
  memoryStorage,
  Repository,
  type Session,
  type Storage,
} from "../../../src/index.ts";
import { simulatedRuntime } from "../../../src/testing/simulated-runtime.ts";
import type { Metadata } from "./model.ts";

const text = new TextEncoder();

/** The bytes of a text. */
export const bytesOf = (value: string): Uint8Array => text.encode(value);

/** Chunks of more bytes are objects of their own. */
export const INLINE_BYTES_MAX = 8;
const CHUNK_LENGTH = 2;

export function groupMetadata(title: number): Metadata {
  const document = { zarr_format: 3, node_type: "group", attributes: { title } };
  return { type: "group", text: JSON.stringify(document), grid: [], meaning: "" };
}

export function arrayMetadata(shape: readonly number[], title: number, fill: number): Metadata {
  const document = {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: "uint8",
    chunk_grid: {
      name: "regular",
      configuration: { chunk_shape: shape.map(() => CHUNK_LENGTH) },
    },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: fill,
    codecs: [{ name: "bytes" }],
    attributes: { title },
  };
  return {
    type: "array",
    text: JSON.stringify(document),
    grid: shape.map((length) => Math.ceil(length / CHUNK_LENGTH)),
    meaning: `fill ${fill}, rank ${shape.length}`,
  };
}

/** What a store shows: values by key. */
export async function contentOf({ store }: Session | ForkSession): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const key of store.list()) {
    const bytes = await store.get(key);
    content[key] = bytes === undefined ? "(listed, but absent)" : new TextDecoder().decode(bytes);
  }
  return content;
}

/** "ok", or the kind of the error that refuses. */
export async function outcomeOf(
  work: Promise<unknown>,
): Promise<{ kind: string; error?: unknown }> {
  try {
    await work;
    return { kind: "ok" };
  } catch (error) {
    if (isIcefloeError(error)) return { kind: error.kind, error };
    throw error;
  }
}

/** A repository with sessions, forks and bytes of forks. */
export class Real {
  readonly storage: Storage;
  readonly runtime: ReturnType<typeof simulatedRuntime>;
  repository: Repository;
  readonly states: (Session | ForkSession)[] = [];
  readonly bytes: Uint8Array[] = [];

  private constructor(
    storage: Storage,
    runtime: ReturnType<typeof simulatedRuntime>,
    repository: Repository,
  ) {
    this.storage = storage;
    this.runtime = runtime;
    this.repository = repository;
  }

  /** An empty repository, its manifests split into `splitChunks` each, if given. */
  static async create(seed: number, splitChunks: number | undefined): Promise<Real> {
    const runtime = simulatedRuntime({ seed });
    const storage = memoryStorage({ runtime });
    const split = [["any_array", [{ condition: "Any" as const, num_chunks: splitChunks ?? 1 }]]];
    const repository = await Repository.create(storage, {
      runtime,
      config: {
        inlineChunkThresholdBytes: INLINE_BYTES_MAX,
        ...(splitChunks === undefined
          ? {}
          : { manifest: { splitting: { split_sizes: split as never } } }),
      },
    });
    return new Real(storage, runtime, repository);
  }

  async reopen(): Promise<void> {
    this.repository = await Repository.open(this.storage, { runtime: this.runtime });
  }

  openFork(bytes: Uint8Array): Promise<ForkSession> {
    return ForkSession.fromBytes(bytes, { storage: this.storage, runtime: this.runtime });
  }
}
