/** Both engines commit to one repository in turns, each on top of the other's work. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  arrayJson,
  bytesOf,
  commit,
  comparable,
  createLocal,
  dumpVersion,
  groupJson,
  historyOf,
  makeWorkspace,
  openLocal,
  refsOf,
  set,
} from "./content.ts";
import { type Dump, npmOracle, type Oracle, pythonOracle, type Step } from "./oracle.ts";

const ROUNDS = 20;
const workspace = makeWorkspace();
let python: Oracle;
let npm: Oracle;

beforeAll(() => {
  python = pythonOracle();
  npm = npmOracle();
});
afterAll(async () => {
  await Promise.all([python.close(), npm.close()]);
  workspace.remove();
});

/** What turn `turn` changes: chunks of both sizes, deletes, resizes, metadata, new and removed nodes. */
function changesOf(turn: number): Step[] {
  const steps: Step[] = [
    set(`a/c/${turn % 40}`, bytesOf(8, turn)),
    set(`a/c/${(turn * 7) % 40}`, bytesOf(64, turn + 1)),
  ];
  if (turn % 3 === 0) steps.push({ delete: `a/c/${(turn * 5) % 40}` });
  if (turn % 4 === 1) steps.push(set("zarr.json", groupJson({ turn })));
  if (turn % 5 === 2) {
    steps.push(
      set(`n${turn}/zarr.json`, arrayJson([6], [2], { turn })),
      set(`n${turn}/c/2`, bytesOf(2, turn)),
    );
  }
  if (turn % 5 === 4) steps.push({ deleteDir: `n${turn - 2}` });
  if (turn % 6 === 5) steps.push(set("a/zarr.json", arrayJson([80 + turn], [2], { turn })));
  return steps;
}

test(`${ROUNDS} rounds of icefloe, Python, icefloe and npm in turns leave one history that all read alike`, async () => {
  const path = workspace.path("alternating");
  const repository = await createLocal(path, { splitChunks: 7 });
  await commit(repository, "start", [
    set("zarr.json", groupJson()),
    set("a/zarr.json", arrayJson([80], [2])),
  ]);
  const messages: string[] = ["start"];

  for (let round = 0; round < ROUNDS; round++) {
    // Every other round uses what was opened long ago, with whatever it has cached.
    const reuse = round % 2 === 0;
    const turns = [0, 1, 2, 3].map((turn) => round * 4 + turn);
    const ours = reuse ? repository : await openLocal(path);
    await commit(ours, `icefloe ${round}`, changesOf(turns[0] as number));
    await python.call("write", {
      path,
      reuse,
      steps: changesOf(turns[1] as number),
      message: `python ${round}`,
    });
    await commit(ours, `icefloe again ${round}`, changesOf(turns[2] as number));
    await npm.call("write", {
      path,
      reuse,
      steps: changesOf(turns[3] as number),
      message: `npm ${round}`,
    });
    messages.push(`icefloe ${round}`, `python ${round}`, `icefloe again ${round}`, `npm ${round}`);
    await repository.createTag(`round ${round}`, await repository.lookupBranch("main"));

    const theirs = await python.call<Dump>("dump", { path, reuse });
    expect(comparable(await dumpVersion(ours, "main"))).toEqual(comparable(theirs));
  }

  const history = await historyOf(await openLocal(path), "main");
  expect(history).toEqual(await python.call("history", { path }));
  expect(history.map(({ message }) => message)).toEqual([
    ...messages.reverse(),
    "Repository initialized",
  ]);
  expect(await refsOf(repository)).toEqual(await python.call("refs", { path }));
  expect(await npm.call("refs", { path })).toEqual(await python.call("refs", { path }));
});
