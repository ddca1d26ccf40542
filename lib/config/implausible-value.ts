/** A value that is well-formed, and that nobody can mean. */
export interface Implausible {
  readonly path: string;
  readonly given: unknown;
  readonly wanted: string;
}
