/** Public entry `icefloe/storage/opfs`: objects in the browser's origin private file system. */
export { type OpfsStorageOptions, opfsStorage } from "./opfs.ts";
