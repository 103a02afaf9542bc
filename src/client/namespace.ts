import { errno } from "../core/errno.ts";
import { directoryKind, rootIno } from "../core/inode.ts";
import { nameBytesMax } from "../core/limits.ts";
import { homeServer, metadataServer } from "../rankmap/placement.ts";
import { type Operation, operations } from "../rpc/operations.ts";
import type { Reply, Rpc } from "../rpc/service.ts";
import type { Fields, ValueOf } from "../rpc/struct.ts";
import { DirectoryCache } from "./directory-cache.ts";
import { type FileKind, type FileStat, FileSystemError } from "./file-system.ts";
import { directoryOf, nameOf, pathStatus } from "./path.ts";

/** Directories whose inode numbers a client remembers: some 10 MB at most. */
const cachedDirectories = 65_536;

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
  return attributes.kind === directoryKind ? "directory" : "file";
}

/** What somebody wanted to do: for errors. */
interface Purpose {
  readonly syscall: string;
  readonly path: string;
}

/**
 * Finds names. Directories are resolved component by component, with a cache of those met before. An inode number is
 * never reused, so that a cached one that has become wrong finds nothing: the directory is then resolved anew, once.
 */
export class Namespace {
  readonly #rpc: Rpc;
  /** World ranks by server index. */
  readonly #servers: readonly number[];
  readonly #directories = new DirectoryCache(cachedDirectories);

  constructor(rpc: Rpc, servers: readonly number[]) {
    this.#rpc = rpc;
    this.#servers = servers;
    this.#directories.set("", rootIno);
  }

  /**
   * Calls an operation on the name `path` at its server; `request.parent` is filled in.
   * @throws FileSystemError Also when the operation fails there.
   */
  async at<Q extends Fields & { parent: "f64" }, R extends Fields>(
    syscall: string,
    path: string,
    operation: Operation<Q, R>,
    request: ValueOf<Q>,
  ): Promise<{ name: Name; reply: Reply<R> }> {
    const purpose = { syscall, path };
    checkPath(purpose);
    const directory = directoryOf(path);
    const cached = this.#directories.get(directory);
    let name = this.#name(purpose, cached ?? (await this.#resolve(purpose, directory)));
    let reply = await this.#callAt(name, operation, request);
    if (isGone(reply.status) && cached !== undefined) {
      const parent = await this.#walk(purpose, directory, true);
      if (parent !== cached) {
        name = this.#name(purpose, parent);
        reply = await this.#callAt(name, operation, request);
      }
    }
    if (reply.status !== 0) throw new FileSystemError(reply.status, syscall, path, this.#servers[name.server]!);
    return { name, reply };
  }

  /** Calls `use` with the inode number of the directory `path`, again if that turns out to be out of date. */
  async inDirectory<T>(syscall: string, path: string, use: (ino: number) => Promise<T>): Promise<T> {
    const purpose = { syscall, path };
    checkPath(purpose);
    const directory = path === "/" ? "" : path;
    const cached = this.#directories.get(directory);
    try {
      return await use(cached ?? (await this.#resolve(purpose, directory)));
    } catch (error) {
      if (cached === undefined || !(error instanceof FileSystemError) || !isGone(error.errno)) throw error;
      const ino = await this.#walk(purpose, directory, true);
      if (ino === cached) throw error;
      return use(ino);
    }
  }

  /** The directory `path` was made. */
  made(path: string, ino: number): void {
    this.#directories.set(path, ino);
  }

  /** The directory `path` was removed. */
  removed(path: string): void {
    this.#directories.delete(path);
  }

  #callAt<Q extends Fields & { parent: "f64" }, R extends Fields>(
    name: Name,
    operation: Operation<Q, R>,
    request: ValueOf<Q>,
  ): Promise<Reply<R>> {
    (request as ValueOf<{ parent: "f64" }>).parent = name.parent;
    return this.#rpc.call(operation, this.#servers[name.server]!, request, { payload: name.bytes });
  }

  /** Inode number of a directory that is not in the cache, whatever the cache has of the way to it. */
  async #resolve(purpose: Purpose, directory: string): Promise<number> {
    try {
      return await this.#walk(purpose, directory, false);
    } catch (error) {
      if (!(error instanceof FileSystemError) || !isGone(error.errno)) throw error;
      return this.#walk(purpose, directory, true);
    }
  }

  /** Inode number of a directory, asked for component by component; `fresh`: without the cache. "" is the root. */
  async #walk(purpose: Purpose, directory: string, fresh: boolean): Promise<number> {
    if (directory === "") return rootIno;
    const cached = fresh ? undefined : this.#directories.get(directory);
    if (cached !== undefined) return cached;
    const parent = await this.#walk(purpose, directoryOf(directory), fresh);
    const name = this.#nameIn(purpose, parent, nameOf(directory));
    const reply = await this.#callAt(name, operations.lookup, { parent });
    const status = reply.status === 0 && kindOf(reply) !== "directory" ? -errno.ENOTDIR : reply.status;
    if (status !== 0) {
      this.#directories.delete(directory);
      throw new FileSystemError(status, purpose.syscall, purpose.path, this.#servers[name.server]!);
    }
    this.#directories.set(directory, reply.ino);
    return reply.ino;
  }

  /** The name that the purpose is about, in the directory `parent`. */
  #name(purpose: Purpose, parent: number): Name {
    if (purpose.path === "/") return { parent, bytes: new Uint8Array(0), server: homeServer(parent) };
    return this.#nameIn(purpose, parent, nameOf(purpose.path));
  }

  #nameIn({ syscall, path }: Purpose, parent: number, name: string): Name {
    const bytes = Buffer.from(name); // half the cost of a TextEncoder
    if (bytes.length > nameBytesMax) throw new FileSystemError(-errno.ENAMETOOLONG, syscall, path);
    return { parent, bytes, server: metadataServer(parent, bytes, this.#servers.length) };
  }
}

function checkPath({ syscall, path }: Purpose): void {
  const status = pathStatus(path);
  if (status !== 0) throw new FileSystemError(status, syscall, path);
}

/** Whether a name or directory was not there: the answer to an inode number that is out of date as well. */
function isGone(status: number): boolean {
  return status === -errno.ENOENT || status === -errno.ESTALE;
}
