import type { COMMAND, EVENT, Worker, WorkerOptions } from "../index.js";

export interface CommandFields {
  endpoint?: number;
  amId?: number;
  header?: Uint8Array;
  /** Overrides the header's length, to write a wrong command. */
  headerBytes?: number;
  region?: number;
  offset?: number;
  length?: number;
  remoteOffset?: number;
  flags?: number;
  cookie?: number;
  key?: number;
  descriptor?: number;
}

export interface PortEvent {
  kind: keyof typeof EVENT;
  source: number;
  status: number;
  slot: number;
  descriptor: number;
  cookie: number;
  offset: number;
  length: number;
  header: Uint8Array;
}

export declare class Port {
  constructor(options?: WorkerOptions);
  readonly worker: Worker;
  readonly control: Int32Array;
  command(op: keyof typeof COMMAND | number, fields?: CommandFields): void;
  take(limit?: number): PortEvent[];
  poll(): PortEvent[];
}

export declare function connect(from: Port, to: Port): number;
export declare function settle(...ports: Port[]): PortEvent[][];
export declare function fillPattern(bytes: Uint8Array, seed: number): void;
export declare function patternMismatch(bytes: Uint8Array, seed: number): number;
