/** What opening a dataset could not read and went on without. */

/** Something that was left out, or left as it is stored, because it could not be read. */
export interface DatasetWarning {
  /** The variable, or `undefined` if it is about the file or group itself. */
  readonly variable: string | undefined;
  /** The attribute that was not understood (of times `units` or `calendar`), or `undefined`. */
  readonly attribute: string | undefined;
  /** A lower-case clause that names the thing, as messages of errors do. */
  readonly message: string;
}
