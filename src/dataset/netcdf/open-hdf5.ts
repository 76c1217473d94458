/** Puts the bytes of a NetCDF-4 file where h5wasm finds them, and opens it. */
import { makeError } from "../../base/errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { guarded, type Hdf5Library, type Hdf5Module, loadHdf5 } from "./hdf5.ts";
import type { RawDataset } from "./raw-variable.ts";
import { readNetcdf4 } from "./read-netcdf4.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** WebAssembly memory ends at 4 GiB, and values need room beside the file. */
const FILE_BYTES_MAX = 2 ** 31;

let fileCount = 0;

/** Whether a file that begins with `bytes` is an HDF5 file. */
export function isHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** Opens a group of a NetCDF-4 file, which is read whole. @throws {missing-dependency} */
export async function openHdf5Bytes(
  file: ByteSource,
  group: string,
  signal?: AbortSignal,
): Promise<RawDataset> {
  const library = await loadHdf5();
  const module = await library.ready;
  if (file.sizeBytes > FILE_BYTES_MAX) {
    throw makeError(
      "unimplemented",
      `${file.name}: ${file.sizeBytes} bytes of NetCDF-4 do not fit in memory; open it by path with icefloe/dataset/node`,
      { details: { object: file.name, sizeBytes: file.sizeBytes, sizeBytesMax: FILE_BYTES_MAX } },
    );
  }
  const path = `/icefloe-${fileCount++}.nc`;
  module.FS.writeFile(path, await file.read(0, file.sizeBytes, signal));
  await file.close();
  return openHdf5(library, { name: file.name, path, group, release: () => module.FS.unlink(path) });
}

/** A file of the library's own file system. */
interface Hdf5Location {
  /** Names the file in messages. */
  readonly name: string;
  readonly path: string;
  /** Path of the group. */
  readonly group: string;
  /** Runs when the file is closed, and when it cannot be opened. */
  release(): void;
}

/** Opens a group of a file. */
export async function openHdf5(
  library: Hdf5Library,
  { name, path, group, release }: Hdf5Location,
): Promise<RawDataset> {
  const module = await library.ready;
  const opened = openFile(library, module, { name, path, release });
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    try {
      opened.close();
    } finally {
      release();
    }
  };
  try {
    return readNetcdf4({ name, module, id: opened.file_id }, group, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function openFile(
  library: Hdf5Library,
  module: Hdf5Module,
  { name, path, release }: Omit<Hdf5Location, "group">,
): InstanceType<Hdf5Library["File"]> {
  try {
    return guarded({ name, module }, "the file", () => {
      const handle = new library.File(path, "r");
      if (handle.file_id < 0n) throw new Error("HDF5 cannot open it");
      return handle;
    });
  } catch (error) {
    release();
    throw error;
  }
}
