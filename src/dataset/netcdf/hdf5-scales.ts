/**
 * Which dimension scales a dataset's axes have, by references: the library would search the whole
 * file for the name of each. Spec: NetCDF "NetCDF-4 Format".
 */
import { attributeType, guarded, HDF5_CLASS, type Hdf5File } from "./hdf5.ts";
import { bytesFrom } from "./hdf5-memory.ts";

const LIST = "DIMENSION_LIST";
/** Of an object's address in the file. */
const REFERENCE_BYTES = 8;
/** A list in memory: how many references, and where they are. */
const LIST_BYTES = 8;
const VARIABLE_LENGTH = 9;

/** The reference to the object at `path`, as a key. */
export function referenceTo({ module, ...file }: Hdf5File, path: string): string {
  return guarded({ module, ...file }, `the place of ${path}`, () =>
    Array.from(module.create_object_reference(file.id, path)).join(),
  );
}

/**
 * Per axis the reference to the scale that was attached last, if any. `undefined` where references
 * are of another form than the one that everybody writes.
 */
export function scaleReferences(
  file: Hdf5File,
  path: string,
  attributeNames: readonly string[],
): (string | undefined)[] | undefined {
  if (!attributeNames.includes(LIST)) return [];
  const type = attributeType(file, path, LIST);
  const { type: itemClass, size } = type.vlen_type ?? {};
  const isKnown =
    type.type === VARIABLE_LENGTH && itemClass === HDF5_CLASS.reference && size === REFERENCE_BYTES;
  if (!isKnown) return undefined;
  const { module, id } = file;
  const lists = guarded(file, `the dimensions of ${path}`, () =>
    bytesFrom(module, type.total_size * LIST_BYTES, (pointer) => {
      const status = module.get_attribute_data(id, path, LIST, pointer);
      if (status < 0) throw new Error(`status ${status}`);
    }),
  );
  const words = new Uint32Array(lists.buffer, lists.byteOffset, type.total_size * 2);
  return Array.from({ length: type.total_size }, (_, axis) => {
    const [count = 0, pointer = 0] = words.subarray(axis * 2, axis * 2 + 2);
    if (pointer === 0) return undefined;
    const last = pointer + (count - 1) * REFERENCE_BYTES;
    const reference = Array.from(module.HEAPU8.subarray(last, last + REFERENCE_BYTES)).join();
    module._free(pointer); // HDF5 allocated it for us.
    return count === 0 ? undefined : reference;
  });
}
