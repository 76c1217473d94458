/** A loopback server of one file, which can break off, forget ranges, or change the file. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface FileServer {
  readonly url: URL;
  /** `Range` of every request, in order. */
  readonly ranges: (string | undefined)[];
  etag: string | undefined;
  content: Uint8Array;
  /** Bytes after which the next response breaks off. */
  breakAfterBytes: number | undefined;
  honoursRanges: boolean;
  status: number | undefined;
  close(): Promise<void>;
}

/** Serves `content` under any path. */
export async function fileServer(content: Uint8Array): Promise<FileServer> {
  const server = createServer((request, response) => {
    const { range } = request.headers;
    state.ranges.push(range);
    const etag: Record<string, string> = state.etag === undefined ? {} : { etag: state.etag };
    if (state.status !== undefined) {
      response.writeHead(state.status).end();
      return;
    }
    const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
    const condition = request.headers["if-range"];
    const isPart =
      match !== null &&
      state.honoursRanges &&
      (condition === undefined || condition === state.etag);
    const start = isPart ? Number(match[1]) : 0;
    const size = state.content.length;
    const end = isPart && match[2] !== "" ? Math.min(size, Number(match[2]) + 1) : size;
    if (isPart && start >= size) {
      response.writeHead(416, etag).end();
      return;
    }
    response.writeHead(isPart ? 206 : 200, {
      ...etag,
      "content-length": end - start,
      ...(isPart ? { "content-range": `bytes ${start}-${end - 1}/${size}` } : {}),
    });
    const body = state.content.subarray(start, end);
    const { breakAfterBytes } = state;
    state.breakAfterBytes = undefined;
    if (breakAfterBytes === undefined) response.end(body);
    else response.write(body.subarray(0, breakAfterBytes), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const state: FileServer = {
    url: new URL(`http://127.0.0.1:${port}/files/`),
    ranges: [],
    etag: '"one"',
    content,
    breakAfterBytes: undefined,
    honoursRanges: true,
    status: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return state;
}
