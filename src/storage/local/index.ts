/** Public entry `icefloe/storage/local`: objects in a local folder, for Node, Deno and Bun. */
export type { ByteSpan } from "../byte-range.ts";
export type { BodyPiece } from "../put-body.ts";
export type { FileBody, FileFacts, FileSystem, FolderEntry } from "./file-system.ts";
export { type LocalFilesystemOptions, localFilesystemStorage } from "./local-filesystem.ts";
export type { Durability } from "./local-storage.ts";
