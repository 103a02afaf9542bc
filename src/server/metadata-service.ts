import { constants } from "node:fs";
import { errno } from "../core/errno.ts";
import { directoryKind, fileKind, rootIno } from "../core/inode.ts";
import { homeServer } from "../rankmap/placement.ts";
import { operations } from "../rpc/operations.ts";
import type { Incoming, Rpc } from "../rpc/service.ts";
import type { Fields } from "../rpc/struct.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { DirectoryLeases } from "./directory-leases.ts";
import type { Drops } from "./drops.ts";
import type { Attributes, MetadataStore } from "./metadata-store.ts";
import { checkName } from "./names.ts";

const { O_ACCMODE = 3, O_RDONLY, O_CREAT, O_EXCL, O_TRUNC } = constants as typeof constants & { O_ACCMODE?: number };
const permissionBits = 0o7777;

/** What `apply` of a creation answers when the directory's lease is gone: ask for it, then try again. */
const needsLease = 1;

type AttributesReply = Incoming<(typeof operations.lookup)["reply"]["fields"]>;

export interface MetadataServiceOptions {
  readonly store: MetadataStore;
  readonly commits: CommitQueue;
  readonly rpc: Rpc;
  readonly drops: Drops;
  readonly serverIndex: number;
  /** World ranks by server index. */
  readonly servers: readonly number[];
}

/**
 * Serves the operations on names. What only reads answers at once from committed state; what changes something
 * checks again within its transaction, so that of two clients that create one name exactly one wins.
 */
export class MetadataService {
  readonly #store: MetadataStore;
  readonly #commits: CommitQueue;
  readonly #drops: Drops;
  readonly #leases: DirectoryLeases;
  readonly #serverIndex: number;

  constructor({ store, commits, rpc, drops, serverIndex, servers }: MetadataServiceOptions) {
    this.#store = store;
    this.#commits = commits;
    this.#drops = drops;
    this.#serverIndex = serverIndex;
    this.#leases = new DirectoryLeases(store, commits, rpc, serverIndex, servers);

    rpc.serve(operations.lookup, ({ parent }, incoming) => this.#lookup(parent, incoming));
    rpc.serve(operations.open, ({ parent, flags, mode }, incoming) => this.#open(parent, flags, mode, incoming));
    rpc.serve(operations.mkdir, ({ parent, mode }, incoming) => {
      if (named(incoming)) this.#create(parent, directoryKind, mode, true, incoming);
    });
    rpc.serve(operations.unlink, ({ parent }, incoming) => this.#unlink(parent, incoming));
    rpc.serve(operations.rmdir, ({ parent }, incoming) => {
      if (named(incoming)) void this.#rmdir(parent, incoming.payload).then((status) => answer(incoming, status));
    });
    rpc.serve(operations.extend, ({ parent, ino, sizeBytes, mtimeUs }, incoming) =>
      this.#extend(parent, ino, sizeBytes, mtimeUs, incoming),
    );
    rpc.serve(operations.readDirectory, ({ directory }, incoming) => this.#readDirectory(directory, incoming));
  }

  #lookup(parent: number, incoming: AttributesReply): void {
    if (incoming.payload.length === 0) {
      const directory = this.#store.directory(parent) ?? (parent === rootIno ? rootAttributes : undefined);
      if (directory === undefined || homeServer(parent) !== this.#serverIndex) incoming.fail(-errno.ENOENT);
      else incoming.respond(directory);
      return;
    }
    if (!named(incoming)) return;
    const found = this.#store.find(parent, incoming.payload);
    if (found === undefined) incoming.fail(-errno.ENOENT);
    else incoming.respond(found);
  }

  #open(parent: number, flags: number, mode: number, incoming: AttributesReply): void {
    if (!named(incoming)) return;
    if ((flags & O_CREAT) !== 0) {
      this.#create(parent, fileKind, mode, (flags & O_EXCL) !== 0, incoming, flags);
      return;
    }
    const found = this.#store.find(parent, incoming.payload);
    if (found === undefined) incoming.fail(-errno.ENOENT);
    else this.#openFound(found, parent, flags, mode, incoming);
  }

  #openFound(found: Attributes, parent: number, flags: number, mode: number, incoming: AttributesReply): void {
    if (found.kind === directoryKind) {
      if ((flags & (O_ACCMODE | O_CREAT | O_TRUNC)) === O_RDONLY) incoming.respond(found);
      else incoming.fail(-errno.EISDIR);
    } else if ((flags & O_TRUNC) !== 0) {
      void this.#truncate(parent, found.ino, flags, mode, incoming);
    } else {
      incoming.respond(found);
    }
  }

  /** Makes an entry. If there is one already: EEXIST when `exclusive`, otherwise it is opened with `flags`. */
  #create(parent: number, kind: number, mode: number, exclusive: boolean, incoming: AttributesReply, flags = 0): void {
    const store = this.#store;
    const name = incoming.payload;
    let found: Attributes | undefined;
    let made: Attributes | undefined;
    this.#commits.add({
      apply: () => {
        made = undefined;
        found = store.find(parent, name);
        if (found !== undefined) return exclusive ? -errno.EEXIST : 0;
        if (!this.#leases.held(parent)) return needsLease;
        const nowUs = Date.now() * 1000;
        const ino = store.takeInode();
        made = { ino, sizeBytes: 0, mtimeUs: nowUs, ctimeUs: nowUs, kind, mode: mode & permissionBits };
        store.putEntry(parent, name, made);
        if (kind === directoryKind) store.putDirectory(made);
        return 0;
      },
      undo: () => store.forgetInodes(),
      settle: (status) => {
        if (status < 0) incoming.fail(status);
        else if (made !== undefined && status === 0) incoming.respond(made);
        else if (found !== undefined) this.#openFound(found, parent, flags, mode, incoming);
        else {
          this.#leases.request(parent, (granted) => {
            if (granted !== 0) incoming.fail(granted);
            else this.#create(parent, kind, mode, exclusive, incoming, flags);
          });
        }
      },
    });
  }

  /** Drops all data first: should the server die in between, the file has holes, never the data of before. */
  async #truncate(parent: number, ino: number, flags: number, mode: number, incoming: AttributesReply): Promise<void> {
    const name = incoming.payload;
    const dropped = await this.#drops.dropNow(ino);
    if (dropped !== 0) {
      incoming.fail(dropped);
      return;
    }
    let now: Attributes | undefined;
    const status = await this.#commits.run(() => {
      now = this.#store.find(parent, name);
      if (now?.ino !== ino) return 0;
      now.sizeBytes = 0;
      now.mtimeUs = now.ctimeUs = Date.now() * 1000;
      this.#store.putEntry(parent, name, now);
      return 0;
    });
    if (status !== 0) incoming.fail(status);
    else if (now?.ino === ino) incoming.respond(now);
    else this.#open(parent, flags, mode, incoming); // Unlinked meanwhile, and perhaps made anew.
  }

  /** A file that was removed meanwhile has chunks that its unlinking did not know of: they are garbage. */
  #extend(parent: number, ino: number, sizeBytes: number, mtimeUs: number, incoming: Incoming<Fields>): void {
    if (!named(incoming)) return;
    const name = incoming.payload;
    let gone = false;
    this.#commits.add({
      apply: () => {
        const file = this.#store.find(parent, name);
        gone = file === undefined || file.ino !== ino;
        if (gone) this.#store.addGarbage({ ino, sizeBytes });
        if (file === undefined || gone) return 0;
        if (file.kind !== fileKind) return -errno.ENOENT;
        file.sizeBytes = Math.max(file.sizeBytes, sizeBytes);
        file.mtimeUs = Math.max(file.mtimeUs, mtimeUs);
        file.ctimeUs = Math.max(file.ctimeUs, mtimeUs);
        this.#store.putEntry(parent, name, file);
        return 0;
      },
      settle: (status) => {
        if (gone) this.#drops.collectSoon();
        answer(incoming, status === 0 && gone ? -errno.ENOENT : status);
      },
    });
  }

  /**
   * Removes the name and notes its chunks as garbage, at once or not at all; the chunks go later. What a writer has
   * not published yet becomes garbage when it does, so that an empty file is none.
   */
  #unlink(parent: number, incoming: Incoming<Fields>): void {
    if (!named(incoming)) return;
    const name = incoming.payload;
    let hasChunks = false;
    this.#commits.add({
      freeing: true,
      apply: () => {
        const file = this.#store.find(parent, name);
        if (file === undefined) return -errno.ENOENT;
        if (file.kind === directoryKind) return -errno.EISDIR;
        this.#store.removeEntry(parent, name);
        hasChunks = file.sizeBytes > 0 || this.#drops.sizesMayBeTooSmall;
        if (hasChunks) this.#store.addGarbage(file);
        return 0;
      },
      settle: (status) => {
        if (status === 0 && hasChunks) this.#drops.collectSoon();
        answer(incoming, status);
      },
    });
  }

  async #rmdir(parent: number, name: Uint8Array): Promise<number> {
    const store = this.#store;
    for (;;) {
      const found = store.find(parent, name);
      if (found === undefined) return -errno.ENOENT;
      if (found.kind !== directoryKind) return -errno.ENOTDIR;
      const directory = found.ino;
      if (this.#leases.isRemoving(directory)) await this.#leases.settled(directory);
      else {
        return this.#leases.remove(directory, () =>
          this.#commits.run(() => {
            store.removeEntry(parent, name);
            store.removeDirectory(directory);
            return 0;
          }, true),
        );
      }
    }
  }

  #readDirectory(directory: number, incoming: Incoming<(typeof operations.readDirectory)["reply"]["fields"]>): void {
    const isHome = homeServer(directory) === this.#serverIndex;
    if (isHome && directory !== rootIno && this.#store.directory(directory) === undefined) {
      incoming.fail(-errno.ENOENT);
      return;
    }
    const status = incoming.payload.length === 0 ? 0 : checkName(incoming.payload);
    if (status !== 0) {
      incoming.fail(status);
      return;
    }
    const { entries, pageBytes, more } = this.#store.readEntries(directory, incoming.payload, incoming.replyBuffer());
    incoming.respond({ entries, more: more ? 1 : 0 }, pageBytes);
  }
}

const rootAttributes: Attributes = {
  ino: rootIno,
  sizeBytes: 0,
  mtimeUs: 0,
  ctimeUs: 0,
  kind: directoryKind,
  mode: 0o755,
};

/** Whether the payload is a name; if not, the request has been answered. */
function named(incoming: Incoming<Fields>): boolean {
  const status = checkName(incoming.payload);
  if (status !== 0) incoming.fail(status);
  return status === 0;
}

function answer(incoming: Incoming<Fields>, status: number): void {
  if (status === 0) incoming.respond({});
  else incoming.fail(status);
}
