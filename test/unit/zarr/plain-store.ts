/** A store without a session: a map that counts what is asked of it. */
import type { ZarrStore } from "../../../src/zarr/zarr-store.ts";

/** Keys have a leading slash. */
export class PlainStore implements ZarrStore {
  readonly entries = new Map<string, Uint8Array>();
  readonly calls: string[] = [];

  async get(key: `/${string}`): Promise<Uint8Array | undefined> {
    this.calls.push(`get ${key}`);
    await Promise.resolve();
    return this.entries.get(key)?.slice();
  }
  async set(key: `/${string}`, bytes: Uint8Array): Promise<void> {
    this.calls.push(`set ${key}`);
    await Promise.resolve();
    this.entries.set(key, bytes.slice());
  }
  async has(key: `/${string}`): Promise<boolean> {
    return this.entries.has(key);
  }
  async delete(key: `/${string}`): Promise<void> {
    this.calls.push(`delete ${key}`);
    this.entries.delete(key);
  }
  async deleteDir(prefix: string): Promise<void> {
    const below = prefix === "/" ? "/" : `${prefix}/`;
    for (const key of this.entries.keys()) if (key.startsWith(below)) this.entries.delete(key);
  }

  json(key: string): unknown {
    return JSON.parse(this.text(key));
  }
  text(key: string): string {
    return new TextDecoder().decode(this.entries.get(key));
  }
  put(key: string, text: string): void {
    this.entries.set(key, new TextEncoder().encode(text));
  }
  /** Calls of one kind on chunks, in order. */
  chunkCalls(kind: "get" | "set" | "delete"): string[] {
    return this.calls.filter((call) => call.startsWith(kind) && call.includes("/c"));
  }
}
