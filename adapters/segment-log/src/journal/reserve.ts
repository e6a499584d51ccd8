/**
 * Room on the disk that is only there to be given up: with it, acks can still be written when publishers have filled the rest.
 * It holds zeros, which are written: a file with a hole in it reserves nothing.
 */
import type { Files } from "./files.ts";

const stepBytes = 1024 * 1024;

/** The reserve of a folder. */
export class Reserve {
  readonly #files: Files;
  readonly #path: string;
  readonly #bytes: number;
  #isThere = false;

  constructor(files: Files, path: string, bytes: number) {
    this.#files = files;
    this.#path = path;
    this.#bytes = bytes;
  }

  get isThere(): boolean {
    return this.#isThere;
  }

  /** Makes it, if it is not there. Throws what the file system throws; then it is not there. */
  async make(): Promise<void> {
    if (this.#isThere || this.#bytes === 0) return;
    const file = await this.#files.open(this.#path, "change");
    try {
      const zeros = new Uint8Array(stepBytes);
      for (let at = await file.size(); at < this.#bytes; at += zeros.length)
        await file.write([zeros.subarray(0, Math.min(zeros.length, this.#bytes - at))], at);
      await file.sync();
      this.#isThere = true;
    } finally {
      await file.close();
      if (!this.#isThere) await this.#files.remove(this.#path);
    }
  }

  /** Gives it up; false when there was nothing to give. */
  async giveUp(): Promise<boolean> {
    if (!this.#isThere) return false;
    this.#isThere = false;
    await this.#files.remove(this.#path);
    return true;
  }
}
