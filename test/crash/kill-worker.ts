/**
 * A process that runs one operation on a local folder and kills itself with -9 before its file
 * system call number `last`. Bundled and started by kill-sweep.test.ts. Ends with code 0 if the
 * operation was acknowledged first.
 */
import { systemRuntime } from "../../src/base/runtime.ts";
import type { FileSystem } from "../../src/storage/local/file-system.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import { nodeFileSystem } from "../../src/storage/local/node-file-system.ts";
import { OPERATIONS, open } from "./world.ts";

const [folder = "", name = "", last = "0"] = process.argv.slice(2);
let calls = 0;

/** The real file system, which counts its calls. */
const counting = new Proxy(nodeFileSystem(systemRuntime()), {
  get(target, key, receiver) {
    const member: unknown = Reflect.get(target, key, receiver);
    if (typeof member !== "function") return member;
    if (key === "join") return member.bind(target);
    return (...args: unknown[]) => {
      if (calls++ === Number(last)) process.kill(process.pid, "SIGKILL");
      return member.apply(target, args);
    };
  },
}) as FileSystem;

const storage = localFilesystemStorage(folder, { durability: "none", fileSystem: counting });
const operation = OPERATIONS[name];
if (operation === undefined) throw new Error(`there is no operation ${name}`);
await operation(await open(storage, 5), storage);
