/** Whole files that the official engine 2.2.2 wrote. Spec: docs/format.md "Repository layout". */
import { fromHex } from "../codec/official-encodings.ts";
import vectors from "./official-files.json" with { type: "json" };

interface StoredFile {
  readonly title: string;
  readonly file: string;
  readonly raw: string;
  readonly decoded: unknown;
}

const stored: Readonly<Record<string, StoredFile>> = vectors;

/** One file: as stored, and its payload. */
export interface OfficialFile {
  readonly file: Uint8Array;
  readonly payload: Uint8Array;
}

/** The file of a vector such as "TV3". */
export function officialFile(name: string): OfficialFile {
  const { file, raw } = stored[name] as StoredFile;
  return { file: fromHex(file), payload: fromHex(raw) };
}

/** Bytes of the envelope before the payload. */
export const ENVELOPE_HEADER_BYTES = 39;

/** Names of all vectors that are files. */
export const OFFICIAL_FILES: readonly string[] = Object.keys(stored);
