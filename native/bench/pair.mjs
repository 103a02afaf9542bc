// Two processes, pinned to cores 0 and 1, that learn of each other through their standard streams.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { checked } from "./programs.mjs";

/**
 * Starts `command ARGS… server ARGS…` and the same as client, passes on the first line of each to the other, and
 * returns the second line of the client as a number.
 */
export async function pairFigure(command, words, env = {}) {
  const start = (core, role) => {
    const [program, ...before] = command;
    const child = spawn("taskset", ["-c", String(core), program, ...before, role, ...words.map(String)], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    return { ended: checked(child, `${program} ${role} ${words.join(" ")}`), stdin: child.stdin, lines: lines(child) };
  };
  const server = start(0, "server");
  const client = start(1, "client");
  const [serverHello, clientHello] = [await server.lines.next(), await client.lines.next()];
  server.stdin.end(`${clientHello.value}\n`);
  client.stdin.end(`${serverHello.value}\n`);
  const figure = Number((await client.lines.next()).value);
  await Promise.all([server.ended, client.ended]);
  return figure;
}

function lines(child) {
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}
