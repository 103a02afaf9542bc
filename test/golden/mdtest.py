"""Which client does what to which path, in which order, in which phase: mdtest's rules, written down independently of
src/workload/, with the recursion that mdtest has and the random numbers of the C library itself. Prints mdtest.json.

A client's part of a phase is a line: calls with their paths, paths alone as they are opened, offsets, "sync".
"""
import ctypes
import json
import shlex

libc = ctypes.CDLL("libc.so.6")
RAND_MAX = 2147483647
NODE = ["a", "a", "a"]
PAIR = ["a", "a"]
BLOCKS = ["a", "a", "b", "b"]
ROBIN = ["a", "b", "a", "b"]
CASES = [
    ("-n 2", ["a"]),
    ("-n 2", NODE),
    ("-n 3 -F", NODE),
    ("-n 3 -D", NODE),
    ("-n 2 -F -C", NODE),
    ("-n 2 -C -T", NODE),
    ("-n 2 -u", NODE),
    ("-n 2 -u -N 1 -F", NODE),
    ("-n 2 -N 1", NODE),
    ("-n 2 -N 1", BLOCKS),
    ("-n 2 -N 1 -F", ROBIN),
    ("-n 2 -N 3 -u", BLOCKS),
    ("-n 2 -F -i 2", PAIR),
    ("-n 7 -z 2 -b 2", PAIR),
    ("-n 9 -z 2 -b 2 -F", PAIR),
    ("-I 2 -z 1 -b 3 -F", PAIR),
    ("-I 1 -z 2 -b 3 -L -D", ["a", "a"]),
    ("-n 8 -z 2 -b 2 -L", PAIR),
    ("-n 11 -z 2 -b 2 -L -F", PAIR),
    ("-n 4 -z 3 -F", PAIR),
    ("-n 4 -z 3 -L -F", PAIR),
    ("-n 6 -z 1 -b 2 -u -F", PAIR),
    ("-n 6 -z 1 -b 2 -u -L", BLOCKS),
    ("-n 6 -I 2 -F", PAIR),
    ("-n 6 -I 3", PAIR),
    ("-n 2 -I 2", NODE),
    ("-n 8 -F -R", PAIR),
    ("-n 8 -R --random-seed 5", PAIR),
    ("-n 14 -z 2 -b 2 -L -R --random-seed 9 -F", PAIR),
    ("-n 6 -F -R -N 1 -w 8 -e 8", ROBIN),
    ("-n 3 -F -w 16 -e 8", NODE),
    ("-n 3 -F -w 16 -e 16 -X -y", NODE),
    ("-n 3 -F -w 16 -e 16 -X --verify-write", NODE),
    ("-n 3 -F -w 16 -C --verify-write -y", NODE),
    ("-n 2 -S -w 8 -e 8 -X", NODE),
    ("-n 2 -u -d o/a@o/b", NODE),
    ("-n 3 -F -d some/where", NODE),
]
WITH_VALUE = set("nIzbNweidp")


def options(command):
    given, words = {}, shlex.split(command)
    while words:
        word = words.pop(0)
        if word == "--random-seed":
            given["seed"] = int(words.pop(0))
        elif word == "--verify-write":
            given["vw"] = 1
        elif word[1] in WITH_VALUE:
            value = words.pop(0)
            given[word[1]] = value if word[1] == "d" else int(value)
        else:
            given[word[1]] = 1
    return given


class Mdtest:
    def __init__(self, command, hosts):
        self.o = o = options(command)
        self.size = len(hosts)
        self.b, self.z = o.get("b", 1), o.get("z", 0)
        self.dirs = self.z + 1 if self.b == 1 else (self.b ** (self.z + 1) - 1) // (self.b - 1)
        items, per_dir = o.get("n", 0), o.get("I", 0)
        self.loops = items // per_dir if items and per_dir and "u" not in o else 1
        if per_dir > 0:
            if items == 0:
                items = per_dir * (self.b ** self.z if "L" in o else self.dirs)
        elif "L" in o:
            leaves = self.b ** self.z
            per_dir = items // leaves
            items = per_dir * leaves
        else:
            per_dir = items // self.dirs
            items = per_dir * self.dirs
        self.items, self.per_dir = items, per_dir
        on_node0 = hosts.count(hosts[0])
        blocks = len(set(hosts)) > 1 and hosts[1] == hosts[0]
        self.stride = o.get("N", 0) * (on_node0 if blocks else 1)
        self.paths = ["/" + path for path in o.get("d", "out").split("@")]

    def testdir(self, rank, iteration, loop):
        return f"{self.paths[rank % len(self.paths)]}/test-dir.{iteration}-{loop}"

    def name(self, rank, phase):
        return "mdtest.shared." if "S" in self.o else f"mdtest.{(rank + phase * self.stride) % self.size}."

    def base(self, rank, phase):
        """Tree for phase 0 create, 1 stat, 2 read, 3 remove: mdtest counts one further than for the names."""
        if "u" not in self.o:
            return "mdtest_tree"
        return f"mdtest_tree.{(rank + (phase + 1) * self.stride) % self.size}"

    def tree(self, rank, create):
        """create_remove_directory_tree: directories before those in them, or behind them."""
        lines = []

        def walk(path, base, number, depth):
            here = f"{path}/{base}.{number}"
            if create:
                lines.append(f"mkdir {here}")
            if depth < self.z:
                for branch in range(self.b):
                    walk(here, base, number * self.b + 1 + branch, depth + 1)
            if not create:
                lines.append(f"rmdir {here}")

        return lines, walk

    def made(self, rank, phase):
        """create_remove_items: (directory, item number) in the order of making and removing."""
        out = []
        base = self.base(rank, phase)

        def walk(path, number, depth):
            here = f"{path}/{base}.{number}"
            if "L" not in self.o or depth == self.z:
                out.extend((here, number * self.per_dir + i) for i in range(self.per_dir))
            if depth < self.z:
                for branch in range(self.b):
                    walk(here, number * self.b + 1 + branch, depth + 1)

        walk("", 0, 0)
        return out

    def seen(self, rank, phase):
        """mdtest_stat and mdtest_read: the directory of each item number, looked up from the item upwards."""
        count = self.per_dir if self.loops != 1 else self.items
        order = list(range(count))
        if "R" in self.o:
            libc.srand(self.o.get("seed", 1) + rank)
            n = count
            while n > 1:
                n -= 1
                k = int(libc.rand() / RAND_MAX * n)
                order[k], order[n] = order[n], order[k]
        base = self.base(rank, phase)
        out = []
        for number in order:
            if "L" in self.o:
                number += self.per_dir * (self.dirs - self.b ** self.z)
            parent = number // self.per_dir
            path = ""
            if parent > 0:
                path = f"/{base}.{parent}"
                while parent > self.b:
                    parent = (parent - 1) // self.b
                    path = f"/{base}.{parent}{path}"
            out.append((f"/{base}.0{path}", number))
        return out

    def phases(self):
        o, ranks, result = self.o, range(self.size), []
        none = not any(flag in o for flag in "CTEr")
        create, stat, read, remove = ("C" in o or none, "T" in o or none, "E" in o or none, "r" in o or none)
        both = ("F" in o) == ("D" in o)
        files, dirs = "F" in o or both, ("D" in o or both) and "S" not in o

        def add(name, iteration, line):
            result.append([f"{name} {iteration}", [" ".join(line(rank)) for rank in ranks]])

        for it in range(o.get("i", 1)):
            def everywhere(rank, places, phase, kind, words):
                return [
                    word
                    for loop in range(self.loops)
                    for directory, number in places
                    for word in words(f"{self.testdir(rank, it, loop)}{directory}/{kind}.{self.name(rank, phase)}{number}")
                ]

            def tree_lines(rank, make):
                lines = []
                if "u" in o or rank == 0:
                    base = f"mdtest_tree.{rank}" if "u" in o else "mdtest_tree"
                    for loop in range(self.loops):
                        more, walk = self.tree(rank, make)
                        walk(self.testdir(rank, it, loop), base, 0, 0)
                        lines += more
                return lines

            def file_made(path):
                words = [path]
                if o.get("w", 0):
                    words.append("0")
                if "y" in o:
                    words.append("sync")
                return words + (["0"] if "vw" in o else [])

            if create:
                add("tree-create", it, lambda rank: tree_lines(rank, True))
            for kind, wanted in (("dir", dirs), ("file", files)):
                if not wanted:
                    continue
                word = "directory" if kind == "dir" else "file"
                if create:
                    make = (lambda path: [f"mkdir {path}"]) if kind == "dir" else file_made
                    add(f"{word}-create", it, lambda rank: everywhere(rank, self.made(rank, 0), 0, kind, make))
                if stat:
                    look = lambda path: [f"stat {path}"]
                    add(f"{word}-stat", it, lambda rank: everywhere(rank, self.seen(rank, 1), 1, kind, look))
                if read and kind == "file":
                    load = lambda path: [path] + (["0"] if o.get("e", 0) else [])
                    add("file-read", it, lambda rank: everywhere(rank, self.seen(rank, 2), 2, kind, load))
                if remove:
                    call = "rmdir" if kind == "dir" else "unlink"
                    drop = lambda path: [f"{call} {path}"]
                    add(
                        f"{word}-remove",
                        it,
                        lambda rank: []
                        if "S" in o and rank > 0
                        else everywhere(rank, self.made(rank, 3), 3, kind, drop),
                    )
            if remove:
                gone = lambda rank: tree_lines(rank, False) + (
                    [f"rmdir {self.testdir(rank, it, loop)}" for loop in range(self.loops)]
                    if rank < len(self.paths)
                    else []
                )
                add("tree-remove", it, gone)
        return result


cases = [
    {"command": command, "hosts": hosts, "phases": Mdtest(command, hosts).phases()} for command, hosts in CASES
]
print(json.dumps(cases, indent=1))
