/**
 * A number of things, for a person: "1 message", "2 messages".
 *
 * @param many - how more than one are called. @default - with an s
 */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
