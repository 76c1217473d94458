/** The page of the OPFS tests. */
import { PROGRAM } from "./opfs-program.ts";

Object.assign(globalThis, { icefloePage: PROGRAM });
