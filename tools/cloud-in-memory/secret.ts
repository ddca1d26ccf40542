/** One secret of Secrets Manager in memory; both webhooks and the Alloy API are read from such. */
export class MemorySecret {
  #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Puts another version in its place, as a rotation does. */
  put(text: string): void {
    this.#text = text;
  }

  async read(): Promise<{ readonly text: string }> {
    return { text: this.#text };
  }
}
