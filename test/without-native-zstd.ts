/**
 * Takes zstd from the platform for one test file, as where Node has none, and gives it back: files
 * of a thread share the sources that it has loaded, and these look for zstd once, when loaded.
 */
import { afterAll, vi } from "vitest";

/** To be called, and awaited, in `vi.hoisted`: before the file's own imports. */
export function withoutNativeZstd(): void {
  const { getBuiltinModule } = process;
  const withoutZlib = (name: string): unknown =>
    name === "node:zlib" ? undefined : getBuiltinModule?.call(process, name);
  process.getBuiltinModule = withoutZlib as typeof getBuiltinModule;
  vi.resetModules();
  afterAll(() => {
    process.getBuiltinModule = getBuiltinModule;
    vi.resetModules();
  });
}
