"""Which client does what to which bytes of which file, in which order, in which phase: IOR's rules, written down
independently of src/workload/, with the random numbers of the C library itself. Prints ior.json.

A client's part of a phase is a line: paths as they are opened, offsets in their order, "sync" and "unlink".
"""
import ctypes
import json
import shlex

libc = ctypes.CDLL("libc.so.6")
KI = 1024

# (command, hosts of the clients)
ONE = ["a"]
NODE = ["a", "a", "a"]
BLOCKS = ["a", "a", "b", "b"]
ROBIN = ["a", "b", "a", "b"]
SIX = ["a", "a", "b", "b", "c", "c"]
CASES = [
    ("-t 8 -b 32", ONE),
    ("-w -t 8 -b 32", NODE),
    ("-r -w -t 8 -b 32 -s 2", NODE),
    ("-w -r -F -t 8 -b 32 -s 2", NODE),
    ("-W -w -t 8 -b 16", NODE),
    ("-R -w -F -t 8 -b 16", NODE),
    ("-w -W -r -R -t 8 -b 24 -s 2", NODE),
    ("-w -r -C -t 8 -b 16", BLOCKS),
    ("-w -r -C -t 8 -b 16", ROBIN),
    ("-w -r -C -t 8 -b 16", NODE),
    ("-w -r -C -F -t 8 -b 16", BLOCKS),
    ("-w -W -r -C -F -t 8 -b 16", SIX),
    ("-w -W -R -C -t 8 -b 16 -s 2", SIX),
    ("-w -W -r -C -Q 2 -F -t 8 -b 8", SIX),
    ("-w -W -r -C -Q 3 -t 8 -b 8", SIX),
    ("-w -r -Z -F -t 8 -b 16", NODE),
    ("-w -r -Z -t 8 -b 16", BLOCKS),
    ("-w -r -Z -X 7 -F -t 8 -b 16", BLOCKS),
    ("-w -r -Z -Q 2 -X 3 -F -t 8 -b 8", SIX),
    ("-w -r -Z -X -5 -i 3 -F -t 8 -b 8", SIX),
    ("-w -R -Z -Z -t 8 -b 16", SIX),
    ("-w -R -Z -Z -X 11 -F -t 8 -b 16", SIX),
    ("-w -r -Z -Z -X -2 -i 2 -F -t 8 -b 8", SIX),
    ("-w -r -z -F -t 8 -b 64", NODE),
    ("-w -r -z -F -t 8 -b 64 -s 2 --random-offset-seed 5", NODE),
    ("-w -R -z -t 8 -b 48", NODE),
    ("-w -R -z -t 8 -b 40 -s 3 --random-offset-seed 42", BLOCKS),
    ("-w -r -z -F -C -t 8 -b 64 --random-offset-seed 1", BLOCKS),
    ("-w -r -z -F -Z -X 2 -t 8 -b 64 --random-offset-seed 9", BLOCKS),
    ("-w -r -z -z -F -t 8 -b 16 -s 4 --random-offset-seed 3", NODE),
    ("-w -r -z -z -t 8 -b 16 -s 3 --random-offset-seed 6", NODE),
    ("-w -r -z -F -t 8 -b 32 --randomPrefill 16", NODE),
    ("-w -r -z -t 8 -b 32 -s 2 --random-prefill 32", NODE),
    ("-w -r -m -i 3 -t 8 -b 16", NODE),
    ("-w -r -m -i 2 -F -t 8 -b 16", NODE),
    ("-w -r -i 2 -t 8 -b 16", NODE),
    ("-w -k -t 8 -b 16 -o dir/file", NODE),
    ("-w -r -u -F -t 8 -b 16 -o dir/file", NODE),
    ("-w -r -u -F -m -C -t 8 -b 16 -o dir/file", BLOCKS),
    ("-w -r -F -t 8 -b 16 -o dir/a@dir/b", NODE),
    ("-w -r -F -C -t 8 -b 8 -o a@b@c", BLOCKS),
    ("-w -e -t 8 -b 16 -s 2", NODE),
    ("-w -Y -t 8 -b 16", NODE),
    ("-w -Y -e -F -t 8 -b 16", NODE),
    ("-w -r -E -t 8 -b 16", NODE),
    ("-w -r -g -x -a POSIX -t 8 -b 16", NODE),
    ("-w -r -O segmentCount=2,filePerProc=1,transferSize=8,blockSize=16", NODE),
    ("-w -r -k -O reorderTasksConstant=1,taskPerNodeOffset=2,keepFile=0 -t 8 -b 8", SIX),
    ("-w -r -O stoneWallingWearOutIterations=3 -F -t 8 -b 32 -s 2", NODE),
    ("-w -R -O stoneWallingWearOutIterations=5 -t 8 -b 16 -s 4", NODE),
    ("-w -R -l o -t 4k -b 8k", NODE),
    ("-w -R -l random -F -C -t 12 -b 36 -s 2", BLOCKS),
]
SWITCHES = set("wrWRkKFCuemgExYE") | {"e"}
LONG = {
    "segmentCount": "s", "filePerProc": "F", "transferSize": "t", "blockSize": "b", "reorderTasksConstant": "C",
    "taskPerNodeOffset": "Q", "keepFile": "k", "stoneWallingWearOutIterations": "N", "random-offset-seed": "S",
    "random-prefill": "P", "randomPrefill": "P",
}


def size(text):
    return int(text[:-1]) * KI if text.endswith("k") else int(text)


def options(command):
    given = {}
    words = shlex.split(command)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            given[LONG[word[2:]]] = words.pop(0)
        elif word == "-O":
            for pair in words.pop(0).split(","):
                name, value = pair.split("=")
                given[LONG[name]] = value
        elif word in ("-z", "-Z"):
            given[word[1]] = given.get(word[1], 0) + 1
        elif word[1] in SWITCHES:
            given[word[1]] = "1"
        else:
            given[word[1]] = words.pop(0)
    return {name: value for name, value in given.items() if not (name in SWITCHES and value == "0")}


class Ior:
    def __init__(self, command, hosts):
        o = options(command)
        self.o, self.hosts, self.tasks = o, hosts, len(hosts)
        self.xfer, self.block = size(o.get("t", "256k")), size(o.get("b", "1024k"))
        self.segments = int(o.get("s", 1))
        self.fpp = "F" in o

    def file(self, rank, rep):
        names = ["/" + name for name in self.o.get("o", "testFile").split("@")]
        name = names[rank % len(names)] if self.fpp else names[0]
        if "u" in self.o:
            head, tail = name.rsplit("/", 1)
            name = f"{head}/{rank}/{tail}"
        if self.fpp:
            name += ".%08d" % rank
        return name + (f".{rep}" if "m" in self.o else "")

    def offsets(self, pretend):
        """The pairs of nested loops over segments and transfers, for the data of one rank."""
        seed = int(self.o.get("S", 0))
        z = self.o.get("z", 0)
        per_block = self.block // self.xfer
        if z == 0:
            return [
                (j * self.xfer + i * self.block)
                if self.fpp
                else (i * self.tasks * self.block + pretend * self.block + j * self.xfer)
                for i in range(self.segments)
                for j in range(per_block)
            ]
        if z == 1:
            libc.srand(seed + pretend if self.fpp else seed)
            if self.fpp:
                chosen = [j * self.xfer for j in range(per_block)]
            else:
                chosen = [
                    at for at in range(0, self.block * self.tasks, self.xfer) if libc.rand() % self.tasks == pretend
                ]
            for place in range(len(chosen)):
                other = libc.rand() % len(chosen)
                chosen[other], chosen[place] = chosen[place], chosen[other]
            stride = self.block if self.fpp else self.block * self.tasks
            return [at + i * stride for i in range(self.segments) for at in chosen]
        # Twice is our own: blocks by rand() of seed + rank, the first of rank 0 or of each file is the last block.
        blocks = self.segments * (1 if self.fpp else self.tasks)
        libc.srand(seed + pretend)
        starts = [libc.rand() % blocks * self.block for _ in range(self.segments)]
        if self.fpp or pretend == 0:
            starts[0] = (blocks - 1) * self.block
        return [start + j * self.xfer for start in starts for j in range(per_block)]

    def shifted(self, nodes):
        """IOR's constant shift: by the tasks of a node where they are in blocks, else by one for each node."""
        on_node0 = self.hosts.count(self.hosts[0])
        in_blocks = self.hosts == sorted(self.hosts)
        return [(rank + nodes * (on_node0 if in_blocks else 1)) % self.tasks for rank in range(self.tasks)]

    def readers(self, rep):
        o, tasks = self.o, self.tasks
        q = int(o.get("Q", 1))
        if "C" in o:
            return self.shifted(q)
        times = o.get("Z", 0)
        if times == 0:
            return list(range(tasks))
        x = int(o.get("X", 0))
        seed = -x + rep if x < 0 else x
        if times == 2:
            libc.srand(seed)
            order = list(range(tasks))
            for i in range(tasks):
                target = i + libc.rand() % (tasks - i)
                order[target], order[i] = order[i], order[target]
            return order
        least = min(q, len(set(self.hosts)) - 1) * self.hosts.count(self.hosts[0])
        partners = []
        for rank in range(tasks):
            libc.srand(rank + seed)
            offset = libc.rand() % tasks
            while offset < least:
                offset = libc.rand() % tasks
            partners.append((rank + offset) % tasks)
        return partners

    def phases(self):
        o, ranks = self.o, range(self.tasks)
        none = not any(flag in o for flag in "wrWR")
        writes, reads = "w" in o or none, "r" in o or none
        most = int(o.get("N", 1 << 60))
        result = []

        def transfers(name, partners, rep, after_each=None, after_all=None):
            lines = []
            for rank in ranks:
                words = [self.file(partners[rank], rep)]
                for offset in self.offsets(partners[rank])[:most]:
                    words += [str(offset)] + ([after_each] if after_each else [])
                lines.append(" ".join(words + ([after_all] if after_all else [])))
            result.append([f"{name} {rep}", lines])

        repetitions = int(o.get("i", 1))
        for rep in range(repetitions):
            if writes and "P" in o:
                filler = int(o["P"])
                result.append([
                    f"prefill {rep}",
                    [
                        " ".join([self.file(rank, rep)] + [
                            str(at + (i * self.block if self.fpp else (i * self.tasks + rank) * self.block))
                            for i in range(self.segments)
                            for at in range(0, self.block, filler)
                        ])
                        for rank in ranks
                    ],
                ])
            if writes:
                transfers("write", ranks, rep, "sync" if "Y" in o else None, "sync" if "e" in o else None)
            if "W" in o:
                shift = self.shifted(int(o.get("Q", 1)) + 1) if "C" in o else ranks
                transfers("write-check", shift, rep)
            if reads:
                transfers("read", self.readers(rep), rep)
            if "R" in o:
                transfers("read-check", self.readers(rep), rep)
            if "k" not in o and (writes or rep == repetitions - 1):
                # What IOR has read last it removes, but for -Z, where many may have read one.
                read_last = (reads or "R" in o) and ("C" in o or o.get("Z", 0) == 2)
                owners = self.readers(rep) if read_last else ranks
                result.append([
                    f"remove {rep}",
                    [f"unlink {self.file(owners[rank], rep)}" if self.fpp or rank == 0 else "" for rank in ranks],
                ])
        return result


cases = [
    {"command": command, "hosts": hosts, "phases": Ior(command, hosts).phases()} for command, hosts in CASES
]
print(json.dumps(cases, indent=1))
