/**
 * A process that appends its marks to one object, by read and conditional put, for as long as it
 * lives. Bundled and started by local-processes.test.ts, which kills it. Each line it prints is
 * `try <mark>` before a put, then `ack <mark>`, `lost <mark>` or `unknown <mark>`.
 */
import { writeSync } from "node:fs";
import { isIcefloeError } from "../../src/base/errors.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";

const [folder = "", name = "", puts = "0"] = process.argv.slice(2);
const storage = localFilesystemStorage(folder, { durability: "none" });
const say = (line: string): void => void writeSync(1, `${line}\n`);

let acknowledged = 0;
for (let turn = 0; acknowledged < Number(puts); turn++) {
  const found = await storage.get("repo");
  if (found === undefined) throw new Error("the object is absent");
  const mark = `${name}.${turn}`;
  const body = new TextEncoder().encode(`${new TextDecoder().decode(found.bytes)}${mark}\n`);
  say(`try ${mark}`);
  try {
    const condition = { ifMatch: found.version };
    const done = await storage.put("repo", body, { objectKind: "repo", condition });
    if (done.outcome === "written") acknowledged++;
    say(`${done.outcome === "written" ? "ack" : "lost"} ${mark}`);
  } catch (error) {
    if (!isIcefloeError(error, "unknown-outcome")) throw error;
    say(`unknown ${mark}`);
  }
}
