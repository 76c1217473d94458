/**
 * For programs of the README that run in a browser: serves a repository with a dataset at /repo, as a
 * server of static files does, and says by `location` where. Loaded before the program by `--import`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { Repository } from "icefloe";
import { Dataset } from "icefloe/dataset";
import { localFilesystemStorage } from "icefloe/storage/local";

const folder = mkdtempSync(join(tmpdir(), "icefloe-site-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const repository = await Repository.create(localFilesystemStorage(join(folder, "repo")));
const air = { dims: ["time", "x"], shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
await repository.transaction(
  "main",
  ({ store }) => new Dataset({ variables: { air } }).toZarr(store),
  { message: "served" },
);

const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://site").pathname));
  try {
    response.end(readFileSync(join(folder, path)));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
server.unref();
globalThis.location = { href: `http://127.0.0.1:${server.address().port}/index.html` };
