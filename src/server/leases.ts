/** Who has a chunk buffer, and for what: in typed arrays, by buffer. */
export class BufferLeases {
  readonly ino: Float64Array;
  readonly chunk: Uint32Array;
  readonly offsetBytes: Uint32Array;
  readonly lengthBytes: Uint32Array;
  readonly #peer: Int32Array;
  readonly #generation: Uint16Array;

  constructor(buffers: number) {
    this.ino = new Float64Array(buffers);
    this.chunk = new Uint32Array(buffers);
    this.offsetBytes = new Uint32Array(buffers);
    this.lengthBytes = new Uint32Array(buffers);
    this.#peer = new Int32Array(buffers).fill(-1);
    this.#generation = new Uint16Array(buffers);
  }

  /** Leases a buffer to a peer. @returns The lease: buffer in the low 16 bits, generation in the high 16. */
  begin(buffer: number, peer: number): number {
    this.#peer[buffer] = peer;
    this.#generation[buffer]!++;
    return ((this.#generation[buffer]! << 16) | buffer) >>> 0;
  }

  /** Ends the lease. @returns Its buffer, which the caller now owns; -1 if the peer has no such lease. */
  end(lease: number, peer: number): number {
    const buffer = lease & 0xffff;
    if (this.#peer[buffer] !== peer || this.#generation[buffer] !== lease >>> 16) return -1;
    this.#peer[buffer] = -1;
    return buffer;
  }

  /** Ends all leases of a peer. @returns Their buffers. */
  endAll(peer: number): number[] {
    const buffers: number[] = [];
    for (let buffer = 0; buffer < this.#peer.length; buffer++) {
      if (this.#peer[buffer] !== peer) continue;
      this.#peer[buffer] = -1;
      buffers.push(buffer);
    }
    return buffers;
  }
}
