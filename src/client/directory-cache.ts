/** Inode numbers of directories by path: the ones used last, up to a bound. */
export class DirectoryCache {
  readonly #capacity: number;
  /** In the order of last use. */
  readonly #inodes = new Map<string, number>();
  /** The last of them: it need not move again, and mostly it is the one that is used. */
  #newest: string | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(path: string): number | undefined {
    const ino = this.#inodes.get(path);
    if (ino !== undefined && path !== this.#newest) this.set(path, ino);
    return ino;
  }

  set(path: string, ino: number): void {
    this.#inodes.delete(path);
    this.#inodes.set(path, ino);
    this.#newest = path;
    if (this.#inodes.size > this.#capacity) this.#inodes.delete(this.#inodes.keys().next().value!);
  }

  delete(path: string): void {
    this.#inodes.delete(path);
  }
}
