import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeConfig } from "../launcher/config.ts";
import { ior } from "./ior.ts";
import { parseIor } from "./ior-params.ts";
import { expandScript } from "./ior-script.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "script-"));
  path = join(folder, "test.ior");
});
afterEach(() => rmSync(folder, { recursive: true }));

function runs(script: string, ...argv: string[]): readonly (readonly string[])[] {
  writeFileSync(path, script);
  return expandScript(["-f", path, ...argv]);
}

describe("directives", () => {
  it.each([
    ["-O blockSize=4m,transferSize=1m", "-b 4m -t 1m"],
    ["-O BLOCKSIZE=4m -OtransferSize=1m -O=fsync=1", "-b 4m -t 1m -e"],
    ["--directives=filePerProc=1,writeFile=1,readFile=0", "-F -w"],
    ["-O reorderTasksRandom=2,reorderTasksRandomSeed=-4,taskPerNodeOffset=3", "-Z -Z -X -4 -Q 3"],
    ["-O randomOffset=1,filePerProc=5", "-z -F"],
    ["-O reorderTasksConstant=1", "-C"],
    [
      "-O stoneWallingWearOut=1,deadlineForStonewalling=30,minTimeDuration=2",
      "--stone-walling-wear-out -D 30 --min-time-duration 2",
    ],
    ["-O testFile=a/b,api=POSIX,refNum=7", "-o a/b -A 7"],
    ["--dataPacketType=offset --randomPrefill 64k -z -w", "-l o --random-prefill 64k -z -w"],
    ["-w -O keepFile=1 -r", "-w -k -r"],
  ])("%s is %s", (directives, letters) => {
    expect(parseIor(directives.split(" "))).toEqual(parseIor(letters.split(" ")));
  });
});

describe("a script", () => {
  it("is a run for each RUN, each with the directives so far on top of the other options", () => {
    const lines = runs(
      `what stands before is not read
       IOR START
         # a comment
         api=POSIX
         blockSize=1m, transferSize=64k   # two at once
         filePerProc=1
       RUN

         transferSize=1m
       run
       RUN
       IOR STOP
       RUN`,
      "-w",
      "-e",
    );
    const first = ["-w", "-e", "--api=POSIX", "--block-size=1m", "--transfer-size=64k", "--file-per-proc=true"];
    const second = first.with(4, "--transfer-size=1m");
    expect(lines).toEqual([first, second, second]);
    expect(parseIor(lines[1]!)).toEqual(parseIor("-w -e -b 1m -t 1m -F".split(" ")));
  });

  it("without RUN is one run, and so are directives behind the last RUN", () => {
    expect(runs("IOR START\nIOR STOP\n", "-w")).toEqual([["-w"]]);
    expect(runs("ior start\nrepetitions=2\nRUN\nrepetitions=3\nior stop\n")).toEqual([
      ["--repetitions=2"],
      ["--repetitions=3"],
    ]);
  });

  it("is made of workloads of the run", () => {
    writeFileSync(path, "IOR START\nreadFile=1\nRUN\nwriteFile=1\nRUN\nIOR STOP\n");
    const { workloads } = makeConfig({ argv: ["ior", "-k", "-f", path], environment: {}, workloads: { ior } });
    expect(workloads.map(({ argv }) => argv)).toEqual([
      ["-k", "--read-file=true"],
      ["-k", "--read-file=true", "--write-file=true"],
    ]);
    expect(workloads.map(({ params }) => params)).toEqual([parseIor(["-k", "-r"]), parseIor(["-k", "-r", "-w"])]);
  });

  it.each([
    ["IOR START\nblockSize=1m\n", 'has no "IOR START" followed by an "IOR STOP"'],
    ["blockSize=1m\nRUN\n", 'has no "IOR START" followed by an "IOR STOP"'],
    ["IOR START\n\nblokSize=1m\nIOR STOP", "test.ior:3: ior: directive blokSize is unknown (did you mean blocksize?)"],
    ["IOR START\nblockSize 1m\nIOR STOP", 'test.ior:2: ior: "blockSize 1m" is no directive: name=value'],
    ["IOR START\nnumTasks=4\nIOR STOP", "directive numTasks is not supported: all clients take part"],
  ])("%j is refused", (script, message) => {
    expect(() => runs(script)).toThrow(message);
  });

  it("that is not there is refused", () => {
    expect(() => expandScript(["-f", join(folder, "none")])).toThrow(/cannot read the script .*none: ENOENT/);
    expect(() => expandScript(["-w", "-f"])).toThrow("cannot read the script");
  });

  it("is not looked for behind other letters", () => {
    expect(expandScript(["-wf", path])).toEqual([["-wf", path]]);
    expect(() => parseIor(["-wf", path])).toThrow("write -f by itself");
  });
});
