import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readMapFile } from "./map-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "benchfs-test-"));
  path = join(folder, "map.csv");
});
afterEach(() => rmSync(folder, { recursive: true }));

it("reads the columns of rankmap.csv that say something", () => {
  writeFileSync(
    path,
    'rank,host,local_rank,role,index,numa_node,cpus,storage_path\n1,h1,1,client,0,0,"2-3,8",\n0,h1,0,server,0,0,,/s/rank-0\n',
  );
  expect(readMapFile(path)).toEqual([
    { role: "server", host: "h1", storagePath: "/s/rank-0" },
    { role: "client", host: "h1", cpus: [2, 3, 8] },
  ]);
  writeFileSync(path, "role,rank\nserver,0\nclient,1\n");
  expect(readMapFile(path)).toEqual([{ role: "server" }, { role: "client" }]);
});

it.each([
  ["rank\n0\n", "line 2, role: there is no such column, but it takes server or client"],
  ["rank,role\n0,chief\n", 'line 2, role: "chief" given, but it takes server or client'],
  ["rank,role\n0,server\n0,client\n", 'line 3, rank: "0" given, but it takes each rank once'],
  ["rank,role\n0,server\n2,client\n", "there is no line for rank 1"],
  ["rank,role\n", "there is no line for rank 0"],
  ["rank,role,cpus\n0,server,3-1\n", 'line 2, cpus: "3-1" given, but it takes a list as "0-3,8", or nothing'],
  ["rank,role,storage_path\n0,client,/s\n", 'line 2, storage_path: "/s" given, but it takes nothing for a client'],
  ["rank,role\n0,server,1\n", "cannot read"],
])("refuses %j", (text, message) => {
  writeFileSync(path, text);
  expect(() => readMapFile(path)).toThrow(
    expect.objectContaining({ code: "ERR_CONFIG", message: expect.stringContaining(message) }),
  );
});

it("refuses a file that is not there", () => {
  expect(() => readMapFile(join(folder, "none.csv"))).toThrow(/--rank-map: cannot read .*none.csv: ENOENT/);
});
