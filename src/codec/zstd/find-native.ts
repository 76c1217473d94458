/** The platform's zstd, where `node:zlib` has it. */
import type { NativeZstd } from "./native.ts";

function findNative(): NativeZstd | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown };
  };
  const zlib = process?.getBuiltinModule?.("node:zlib") as Partial<NativeZstd> | undefined;
  return typeof zlib?.zstdCompressSync === "function" ? (zlib as NativeZstd) : undefined;
}

/** `undefined`: it has none. */
export const native: NativeZstd | undefined = findNative();
