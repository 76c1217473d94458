/** The payload of `repo` as tests look at it: in one piece. */
import { concatBytes } from "../../../src/base/bytes.ts";
import type { RepoInfo } from "../../../src/format/repo/read.ts";
import { encodeRepoPayload } from "../../../src/format/repo/write.ts";

/** As `encodeRepoPayload`, head and blocks joined. */
export function encodeRepoInfo(repo: RepoInfo): Uint8Array {
  const { head, blocks } = encodeRepoPayload(repo);
  return concatBytes([head, ...blocks.map(({ bytes }) => bytes)]);
}
