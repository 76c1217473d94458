/**
 * Processes of several runtimes write to one place on one local folder at the same time, and most
 * of them are killed with -9. At the end every acknowledged mark is there exactly once, and none
 * that was told to have lost.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Repository } from "icefloe";
import { localFilesystemStorage } from "icefloe/storage/local";

const WRITER = fileURLToPath(new URL("./mixed-writer.mjs", import.meta.url));
const KILLS_PER_RUNTIME = 14;
const MARKS_AT_THE_END = 100;
const TRIES_BEFORE_KILL_MAX = 23;
// A writer that hangs fails the check rather than stopping the lane.
const SECONDS_MAX = 240;

const text = new TextEncoder();
const ARRAY = {
  zarr_format: 3,
  node_type: "array",
  data_type: "uint8",
  chunk_grid: { name: "regular", configuration: { chunk_shape: [1] } },
  chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
  fill_value: 0,
  codecs: [{ name: "bytes" }],
  attributes: {},
};

/** The two kinds of place: how it is made, and the marks that stand there in the end, in order. */
const PLACES = {
  async object(folder) {
    const storage = localFilesystemStorage(folder);
    const condition = { ifAbsent: true };
    await storage.put("repo", text.encode("start\n"), { objectKind: "repo", condition });
    // Read as a foreign reader would.
    return async () => readFileSync(join(folder, "repo"), "utf8").split("\n").slice(1, -1);
  },
  async commit(folder, lanes) {
    const storage = localFilesystemStorage(folder);
    const repository = await Repository.create(storage);
    const session = await repository.writableSession("main");
    const array = JSON.stringify({ ...ARRAY, shape: [lanes] });
    await session.store.set("marks/zarr.json", text.encode(array));
    const start = await session.commit("start");
    return async () => {
      const again = await Repository.open(storage);
      const commits = await again.ancestry("main").toArray();
      const ids = commits.map(({ id }) => id);
      const marks = commits.slice(0, ids.indexOf(start)).map(({ message }) => message);
      const { store } = await again.readonlySession("main");
      for (let lane = 0; lane < lanes; lane++) {
        const chunk = new TextDecoder().decode(await store.get(`marks/c/${lane}`));
        const newest = marks.find((mark) => mark.startsWith(`${lane}-`));
        if (chunk !== newest) throw new Error(`lane ${lane} shows ${chunk}, not ${newest}`);
      }
      return marks.reverse();
    };
  },
};

/** Starts a writer; what it prints goes into `said`. Resolves when it is gone. */
function start(command, args, said, onTry) {
  const [program, ...before] = command;
  const child = spawn(program, [...before, WRITER, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  said.children.add(child);
  let rest = "";
  child.stdout.on("data", (data) => {
    const lines = (rest + data).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const [word, mark] = line.split(" ");
      said[word].add(mark);
      if (word === "try") onTry?.(child);
    }
  });
  let complaints = "";
  child.stderr.on("data", (data) => {
    complaints += data;
  });
  return new Promise((resolve) => {
    child.on("error", (error) => said.failures.push(`${program}: ${error.message}`));
    child.on("close", (code, signal) => {
      said.children.delete(child);
      if (code !== 0 && signal !== "SIGKILL") said.failures.push(`${args}: ${complaints}`);
      resolve();
    });
  });
}

/** One lane: writers of one runtime, one after another killed in the middle, then one that ends. */
async function runLane({ command }, lane, mode, folder, said) {
  for (let kill = 0; kill < KILLS_PER_RUNTIME && said.failures.length === 0; kill++) {
    let patience = 1 + ((kill * 7 + lane * 3) % TRIES_BEFORE_KILL_MAX);
    await start(command, [mode, folder, `${lane}-${kill}`, lane, "1000000"], said, (child) => {
      if (--patience === 0) child.kill("SIGKILL");
    });
  }
  await start(command, [mode, folder, `${lane}-end`, lane, String(MARKS_AT_THE_END)], said);
}

function faultsOf(marks, said, lanes) {
  const standing = new Set(marks);
  const faults = [...said.failures];
  if (standing.size < marks.length) faults.push("a mark stands twice");
  for (const mark of said.ack) if (!standing.has(mark)) faults.push(`${mark} was lost`);
  for (const mark of said.lost) if (standing.has(mark)) faults.push(`${mark} lost, but stands`);
  for (const mark of standing) if (!said.try.has(mark)) faults.push(`${mark} is nobody's`);
  for (let lane = 0; lane < lanes; lane++) {
    const last = [...said.ack].filter((mark) => mark.startsWith(`${lane}-end.`)).length;
    if (last !== MARKS_AT_THE_END) faults.push(`the last writer of lane ${lane} made ${last}`);
  }
  return faults;
}

/** Runs both kinds of place under `runtimes` (`{ name, command }`), a lane each; their counts. */
export async function checkMixedWriters(runtimes) {
  const results = [];
  for (const [mode, makePlace] of Object.entries(PLACES)) {
    const folder = mkdtempSync(join(tmpdir(), `icefloe-mixed-${mode}-`));
    const read = await makePlace(folder, runtimes.length);
    const said = { children: new Set(), failures: [] };
    for (const word of ["try", "ack", "lost", "unknown"]) said[word] = new Set();
    const alarm = setTimeout(() => {
      said.failures.push(`not done after ${SECONDS_MAX} s`);
      for (const child of said.children) child.kill("SIGKILL");
    }, SECONDS_MAX * 1000);
    await Promise.all(runtimes.map((runtime, lane) => runLane(runtime, lane, mode, folder, said)));
    clearTimeout(alarm);
    const marks = await read();
    const faults = faultsOf(marks, said, runtimes.length);
    rmSync(folder, { recursive: true, force: true });
    const names = runtimes.map(({ name }) => name).join(", ");
    const counts = `${said.try.size} tried, ${said.ack.size} acknowledged, ${said.lost.size} lost`;
    console.log(
      `${mode}: ${names}: ${counts}, ${said.unknown.size} unknown, ${marks.length} stand`,
    );
    for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`);
    results.push(faults.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  }
  return results;
}
