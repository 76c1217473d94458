/** A worker for the tests that runs tasks of its own. */
import { memoryStorage, Repository } from "icefloe";
import { defineWorker, parallelWrite } from "icefloe/parallel";

export default defineWorker(async () => {
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  await parallelWrite(session, { worker: defineWorker(async () => undefined), tasks: [0, 1] });
});
