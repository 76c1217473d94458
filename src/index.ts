/** icefloe: Icechunk in TypeScript. The public entry; everything here runs in any JavaScript runtime. */
export { IcefloeError, isIcefloeError } from "./base/errors.ts";
