/** The rules of the storage port on real servers, plain and through each wrapper. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Storage } from "../../src/storage/port.ts";
import { traced } from "../../src/storage/traced.ts";
import { withPrefix } from "../../src/storage/with-prefix.ts";
import { withRetry } from "../../src/storage/with-retry.ts";
import { countingStorage } from "../../src/testing/counting-storage.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";
import { describeWith } from "./describe-with.ts";
import type { ServerName } from "./programs.ts";
import { type Server, startServer } from "./server.ts";
import { STORES } from "./stores.ts";

const BUCKET = "conformance";

const WRAPPERS: Readonly<Record<string, (storage: Storage) => Storage>> = {
  plain: (storage) => storage,
  withPrefix: (storage) => withPrefix(storage, "some/folder"),
  withRetry: (storage) => withRetry(storage),
  traced: (storage) => traced(storage, () => {}),
  counted: (storage) => countingStorage(storage),
};

/** Rules that a server breaks by itself, whatever a client does. */
const SERVER_FAULTS: Partial<Record<ServerName, readonly string[]>> = {
  versitygw: [
    "a control character, a backslash or a last dot names an object of its own, or is refused",
  ], // It lists another character.
  "fake-gcs-server": [
    "a reader sees whole objects while they are replaced, and one version for one state",
  ], // It sends one state's size and generation with the bytes of the next.
};

for (const [name, makeStorage] of STORES) {
  describeWith([name], name, () => {
    let server: Server;
    let made = 0;
    beforeAll(async () => {
      server = await startServer(name);
      await server.createBucket(BUCKET);
    });
    afterAll(() => server.stop());

    for (const [wrapper, wrap] of Object.entries(WRAPPERS)) {
      const subject = async () => ({
        storage: wrap(makeStorage(server, BUCKET, `${wrapper}/${made++}`)),
      });
      const cases = storageConformance(subject).filter(
        (rule) => !SERVER_FAULTS[name]?.includes(rule.name),
      );
      test.each(cases)(`${wrapper}: $name`, async ({ run }) => {
        expect((await run()).outcome).toMatch(/^(passed|skipped)$/);
      });
    }
  });
}
