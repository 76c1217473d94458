/** The ledger with tasks instead of processes: many in one, on one repository object or on several. */
import { ConflictError, type Repository } from "icefloe";
import { createLedger, ledgerBytes, ledgerKey, ledgerMessage } from "./plan.ts";

/** What the tasks did and what was found. */
export interface TasksReport {
  readonly acknowledged: number;
  readonly lostRaces: number;
  readonly lost: readonly string[];
  readonly torn: readonly string[];
}

/** Runs `tasks` tasks of `commits` commits each; `open` gives each task its repository. */
export async function runTasks(
  open: () => Promise<Repository>,
  tasks: number,
  commits: number,
): Promise<TasksReport> {
  const session = await (await open()).writableSession("main");
  await createLedger(session, tasks, commits);
  await session.commit("ledger");
  const acknowledged: { readonly name: string; readonly key: string; readonly id: string }[] = [];
  let lostRaces = 0;

  await Promise.all(
    Array.from({ length: tasks }, async (_, task) => {
      const repository = await open();
      for (let index = 0; index < commits; index++) {
        const key = ledgerKey(task, index);
        const id = await commitWithRetries(repository, task, index, () => lostRaces++);
        acknowledged.push({ name: ledgerMessage(task, index), key, id });
      }
    }),
  );

  const repository = await open();
  const history = await repository.ancestry("main").toArray();
  const messageOf = new Map(history.map(({ id, message }) => [id, message]));
  const tip = await repository.readonlySession("main");
  const lost = acknowledged
    .filter(({ id, name }) => messageOf.get(id) !== name)
    .map(({ name }) => name);
  const torn: string[] = [];
  for (let task = 0; task < tasks; task++) {
    for (let index = 0; index < commits; index++) {
      const bytes = await tip.store.get(ledgerKey(task, index));
      if (bytes?.join() !== ledgerBytes(task, index).join()) torn.push(ledgerKey(task, index));
    }
  }
  return { acknowledged: acknowledged.length, lostRaces, lost, torn };
}

/** As a user would write it who retries by hand: a fresh session after every lost race. */
async function commitWithRetries(
  repository: Repository,
  task: number,
  index: number,
  onLostRace: () => void,
): Promise<string> {
  for (;;) {
    const session = await repository.writableSession("main");
    await session.store.set(ledgerKey(task, index), ledgerBytes(task, index));
    try {
      return await session.commit(ledgerMessage(task, index));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      onLostRace();
    }
  }
}
