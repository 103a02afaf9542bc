import { errno } from "../core/errno.ts";
import { nameBytesMax } from "../core/limits.ts";
import { homeServer, metadataServer } from "../rankmap/placement.ts";
import { type Operation, operations } from "../rpc/operations.ts";
import type { Reply, Rpc } from "../rpc/service.ts";
import type { Fields, ValueOf } from "../rpc/struct.ts";
import { DirectoryCache } from "./directory-cache.ts";
import { type FileKind, type FileStat, FileSystemError } from "./file-system.ts";
import { directoryOf, nameOf, pathStatus } from "./path.ts";

/** The root always exists and has this inode number, made by server 0. */
export const rootIno = 0;

/** Directories whose inode numbers a client remembers: some 10 MB at most. */
const cachedDirectories = 65_536;

const encoder = new TextEncoder();

/** Where a name is. The root has an empty name, at its home. */
export interface Name {
  /** Inode number of the directory. */
  readonly parent: number;
  readonly bytes: Uint8Array;
  /** Index of the server that has the entry. */
  readonly server: number;
}

export type AttributesReply = Reply<(typeof operations.lookup)["reply"]["fields"]>;

/** What a metadata server's attributes are to a user. */
export function fileStat(attributes: AttributesReply): FileStat {
  return {
    ino: attributes.ino,
    kind: kindOf(attributes),
    mode: attributes.mode,
    size: attributes.sizeBytes,
    mtimeMs: attributes.mtimeUs / 1000,
    ctimeMs: attributes.ctimeUs / 1000,
  };
}

export function kindOf(attributes: { readonly kind: number }): FileKind {
  return attributes.kind === 2 ? "directory" : "file";
}

/** How one walk along a path went: whether it trusted the cache, and whether it may. */
interface Walk {
  readonly path: string;
  readonly syscall: string;
  readonly fresh: boolean;
  usedCache: boolean;
}

/**
 * Finds names. Directories are resolved component by component, with a cache of those met before. An inode number is
 * never reused, so that a cached one that has become wrong finds nothing: the walk is then repeated from the root.
 */
export class Namespace {
  readonly #rpc: Rpc;
  /** World ranks by server index. */
  readonly #servers: readonly number[];
  readonly #directories = new DirectoryCache(cachedDirectories);

  constructor(rpc: Rpc, servers: readonly number[]) {
    this.#rpc = rpc;
    this.#servers = servers;
  }

  /**
   * Calls an operation on the name `path` at its server; `request.parent` is filled in.
   * @throws FileSystemError Also when the operation fails there.
   */
  at<Q extends Fields & { parent: "f64" }, R extends Fields>(
    syscall: string,
    path: string,
    operation: Operation<Q, R>,
    request: ValueOf<Q>,
  ): Promise<{ name: Name; reply: Reply<R> }> {
    return this.#walking(syscall, path, async (walk) => {
      const name = await this.#locate(walk, path);
      (request as ValueOf<{ parent: "f64" }>).parent = name.parent;
      const server = this.#servers[name.server]!;
      const reply = await this.#rpc.call(operation, server, request, { payload: name.bytes });
      if (reply.status !== 0) throw new FileSystemError(reply.status, syscall, path, server);
      return { name, reply };
    });
  }

  /** Calls `use` with the inode number of the directory `path`, again if that turns out to be out of date. */
  inDirectory<T>(syscall: string, path: string, use: (ino: number) => Promise<T>): Promise<T> {
    return this.#walking(syscall, path, async (walk) => use(await this.#directory(walk, path === "/" ? "" : path)));
  }

  /** The directory `path` was made. */
  made(path: string, ino: number): void {
    this.#directories.set(path, ino);
  }

  /** The directory `path` was removed. */
  removed(path: string): void {
    this.#directories.delete(path);
  }

  async #walking<T>(syscall: string, path: string, run: (walk: Walk) => Promise<T>): Promise<T> {
    const status = pathStatus(path);
    if (status !== 0) throw new FileSystemError(status, syscall, path);
    const walk: Walk = { path, syscall, fresh: false, usedCache: false };
    try {
      return await run(walk);
    } catch (error) {
      const gone = error instanceof FileSystemError && (error.code === "ENOENT" || error.code === "ESTALE");
      if (!gone || !walk.usedCache) throw error;
      return run({ path, syscall, fresh: true, usedCache: false });
    }
  }

  /** Inode number of a directory; "" is the root. */
  async #directory(walk: Walk, directory: string): Promise<number> {
    if (directory === "") return rootIno;
    if (!walk.fresh) {
      const cached = this.#directories.get(directory);
      if (cached !== undefined) {
        walk.usedCache = true;
        return cached;
      }
    }
    const name = await this.#locate(walk, directory);
    const server = this.#servers[name.server]!;
    const reply = await this.#rpc.call(operations.lookup, server, { parent: name.parent }, { payload: name.bytes });
    const status = reply.status === 0 && kindOf(reply) !== "directory" ? -errno.ENOTDIR : reply.status;
    if (status !== 0) {
      this.#directories.delete(directory);
      throw new FileSystemError(status, walk.syscall, walk.path, server);
    }
    this.#directories.set(directory, reply.ino);
    return reply.ino;
  }

  async #locate(walk: Walk, path: string): Promise<Name> {
    if (path === "/") return { parent: rootIno, bytes: new Uint8Array(0), server: homeServer(rootIno) };
    const parent = await this.#directory(walk, directoryOf(path));
    const bytes = encoder.encode(nameOf(path));
    if (bytes.length > nameBytesMax) throw new FileSystemError(-errno.ENAMETOOLONG, walk.syscall, walk.path);
    return { parent, bytes, server: metadataServer(parent, bytes, this.#servers.length) };
  }
}
