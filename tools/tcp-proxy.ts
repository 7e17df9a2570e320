/** A TCP proxy that tests put between a client and its server, to make the network fail. */
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * - `pass`: everything goes through, after `delayMs`.
 * - `blackhole`: connections stay, and nothing goes through; what was sent is lost.
 * - `drop-replies`: requests reach the server, its replies are lost.
 */
export type ProxyMode = 'pass' | 'blackhole' | 'drop-replies';

export class TcpProxy {
  mode: ProxyMode = 'pass';
  /** How long each chunk takes, in each direction. */
  delayMs = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #accepted = 0;
  #received = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#join(client, targetPort));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return address.port;
  }

  /** How many connections came so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many bytes came so far, from both sides, passed on or not. */
  get received(): number {
    return this.#received;
  }

  /** Ends every connection; new ones are accepted. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #join(client: Socket, targetPort: number): void {
    this.#accepted += 1;
    const server = connect(targetPort, '127.0.0.1');
    this.#pipe(client, server, () => this.mode !== 'blackhole');
    this.#pipe(server, client, () => this.mode === 'pass');
  }

  #pipe(from: Socket, to: Socket, passes: () => boolean): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    const underWay: { readonly chunk: Buffer; readonly dueAt: number }[] = [];
    const deliver = (): void => {
      const [first] = underWay;
      if (first === undefined) return;
      const leftMs = first.dueAt - performance.now();
      if (leftMs > 0) {
        setTimeout(deliver, leftMs);
        return;
      }
      underWay.shift();
      if (to.writable) to.write(first.chunk);
      deliver();
    };
    from.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      if (!passes()) return;
      // However the delay changes meanwhile, nothing overtakes what came before it.
      const isFirst = underWay.push({ chunk, dueAt: performance.now() + this.delayMs }) === 1;
      if (isFirst) deliver();
    });
    // An end of one side is an end of both; the error that comes before it says nothing more.
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
