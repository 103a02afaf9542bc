import type { FileKind } from "../client/file-system.ts";
import { GlibcRandom, randomMax } from "./glibc-random.ts";
import { type MdtestParams, treeSize } from "./mdtest-params.ts";

/**
 * Where mdtest puts things. Directories of a tree are numbered level by level: 0 is the root, those below directory k
 * are k b + 1 to k b + b. A client's items are numbered directory after directory.
 */
export class ItemTree {
  readonly #params: MdtestParams;
  readonly #tasks: number;
  /** Directories from the root down into each branch in turn: the order of making them. */
  readonly #depthFirst: Uint32Array;
  /** Those of them that hold items, which is the order of making items; and the smallest number of one. */
  readonly #holdingOrder: Uint32Array;
  readonly #firstHolding: number;
  readonly itemsPerTree: number;

  constructor(params: MdtestParams, tasks: number) {
    const { branchFactor, depth, leafOnly } = params;
    const { directories, leaves } = treeSize(branchFactor, depth);
    this.#params = params;
    this.#tasks = tasks;
    this.#firstHolding = leafOnly ? directories - leaves : 0;
    this.#depthFirst = walk(branchFactor, depth, directories, "before");
    this.#holdingOrder = this.#depthFirst.filter((directory) => directory >= this.#firstHolding);
    this.itemsPerTree = params.items / params.trees;
  }

  /** "/out/test-dir.0-0": mdtest counts iterations, and the trees of each. */
  testDirectory(task: number, iteration: number, tree: number): string {
    const { testDirectories } = this.#params;
    return `${testDirectories[task % testDirectories.length]}/test-dir.${iteration}-${tree}`;
  }

  /**
   * All directories of a tree, each before those in it, or to remove them behind those in it.
   * @param task Whose tree it is, with -u.
   */
  directories(task: number, iteration: number, tree: number, toRemove = false): string[] {
    const { branchFactor, depth } = this.#params;
    const paths = this.#paths(task, iteration, tree);
    const order = toRemove ? walk(branchFactor, depth, paths.length, "behind") : this.#depthFirst;
    return Array.from(order, (directory) => paths[directory]!);
  }

  /** The items of one client, to be asked for in any order. */
  items(owner: number, stride: number, iteration: number): Items {
    const { trees, itemsPerDirectory, sharedFile } = this.#params;
    // mdtest has the items of a client in the tree of the one that is a stride further, as long as there is only one.
    const task = (owner + stride) % this.#tasks;
    const directories = Array.from({ length: trees }, (_, tree) => this.#paths(task, iteration, tree));
    return {
      path(kind, { tree, item }) {
        const directory = directories[tree]![Math.floor(item / itemsPerDirectory)]!;
        return `${directory}/${kind === "file" ? "file" : "dir"}.mdtest.${sharedFile ? "shared" : owner}.${item}`;
      },
    };
  }

  /** Item that is made, or removed, as number `index` by a client. */
  inOrderOfMaking(index: number): TreeItem {
    const { itemsPerDirectory } = this.#params;
    const tree = Math.floor(index / this.itemsPerTree);
    const inTree = index - tree * this.itemsPerTree;
    const position = Math.floor(inTree / itemsPerDirectory);
    const directory = this.#holdingOrder[position]!;
    return { tree, item: directory * itemsPerDirectory + (inTree - position * itemsPerDirectory) };
  }

  /** Item that is looked at as number `index`. @param order Of a tree's items; undefined: by their numbers. */
  inOrderOfNumbers(index: number, order: Uint32Array | undefined): TreeItem {
    const tree = Math.floor(index / this.itemsPerTree);
    const inTree = index - tree * this.itemsPerTree;
    const number = order === undefined ? inTree : order[inTree]!;
    return { tree, item: this.#firstHolding * this.#params.itemsPerDirectory + number };
  }

  /** By number. */
  #paths(task: number, iteration: number, tree: number): string[] {
    const { uniqueDirectory, branchFactor } = this.#params;
    const name = uniqueDirectory ? `mdtest_tree.${task}` : "mdtest_tree";
    const paths = [`${this.testDirectory(task, iteration, tree)}/${name}.0`];
    for (let directory = 1; directory < this.#depthFirst.length; directory++) {
      paths.push(`${paths[Math.floor((directory - 1) / branchFactor)]}/${name}.${directory}`);
    }
    return paths;
  }
}

export interface TreeItem {
  readonly tree: number;
  /** Number among all items of a client in the tree. */
  readonly item: number;
}

export interface Items {
  path(kind: FileKind, item: TreeItem): string;
}

/** Numbers of a tree's directories, each before or behind those in it. */
function walk(branchFactor: number, depth: number, directories: number, own: "before" | "behind"): Uint32Array {
  const order = new Uint32Array(directories);
  let count = 0;
  const visit = (directory: number, level: number): void => {
    if (own === "before") order[count++] = directory;
    for (let branch = 1; branch <= branchFactor && level < depth; branch++) {
      visit(directory * branchFactor + branch, level + 1);
    }
    if (own === "behind") order[count++] = directory;
  };
  visit(0, 0);
  return order;
}

/** -R: mdtest's shuffle of the numbers 0 to count - 1, another one for each client. */
export function shuffledItems(count: number, seed: number): Uint32Array {
  const random = new GlibcRandom(seed);
  const order = Uint32Array.from({ length: count }, (_, item) => item);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor((random.next() / randomMax) * last);
    const moved = order[other]!;
    order[other] = order[last]!;
    order[last] = moved;
  }
  return order;
}

/** -N in clients: where they are laid out node after node, it counts nodes. */
export function strideOf(hostOfClient: readonly string[], rankStride: number): number {
  const onFirstNode = hostOfClient.filter((host) => host === hostOfClient[0]).length;
  const isInBlocks = onFirstNode < hostOfClient.length && hostOfClient[0] === hostOfClient[1];
  return isInBlocks ? rankStride * onFirstNode : rankStride;
}
