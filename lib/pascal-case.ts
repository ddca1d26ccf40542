/** `manual-review` → `ManualReview`, the start of outputs and logical ids. */
export function pascalCase(name: string): string {
  return name
    .split("-")
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join("");
}
