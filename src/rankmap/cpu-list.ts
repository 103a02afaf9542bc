/** "0-3,8" of 0, 1, 2, 3, 8 (ascending), as the kernel writes lists of CPUs. */
export function showCpus(cpus: readonly number[]): string {
  const ranges: string[] = [];
  for (let first = 0; first < cpus.length; ) {
    let last = first;
    while (cpus[last + 1] === cpus[last]! + 1) last++;
    ranges.push(first === last ? `${cpus[first]}` : `${cpus[first]}-${cpus[last]}`);
    first = last + 1;
  }
  return ranges.join(",");
}

/** CPUs have numbers below this in Linux (CONFIG_NR_CPUS is 8,192 at most). */
const cpusMax = 65_536;

/** Reads what `showCpus` writes, in any order. @returns Ascending and each once; undefined if the text is no such list. */
export function parseCpus(text: string): number[] | undefined {
  if (text === "") return [];
  const cpus = new Set<number>();
  for (const range of text.split(",")) {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(range) ?? [];
    if (first === undefined || Number(last) < Number(first) || Number(last) >= cpusMax) return undefined;
    for (let cpu = Number(first); cpu <= Number(last); cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
