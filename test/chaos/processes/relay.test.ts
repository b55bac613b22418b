import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Relay, startRelay } from './relay.ts';

let echo: Server;
let relay: Relay;
/** What came through to the other side. */
let came: string;
let cuts: number;

beforeEach(async () => {
  [came, cuts] = ['', 0];
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      came += bytes.toString();
      socket.write(bytes);
    });
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  relay = await startRelay((echo.address() as AddressInfo).port, () => (cuts += 1));
});

afterEach(async () => {
  await relay.close();
  await new Promise((resolve) => echo.close(resolve));
});

async function open(): Promise<{ socket: Socket; answers: () => string }> {
  const socket = connect({ host: '127.0.0.1', port: relay.port, noDelay: true });
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (bytes) => (text += bytes.toString()));
  await once(socket, 'connect');
  return { socket, answers: () => text };
}

describe('a relay', () => {
  it('passes both ways', async () => {
    const { socket, answers } = await open();
    socket.write('a');
    await vi.waitFor(() => expect(answers()).toBe('a'));
    socket.destroy();
  });

  it('breaks every connection once a piece has passed, and takes new ones', async () => {
    const [first, second] = await Promise.all([open(), open()]);
    relay.cutAfter(1);
    first.socket.write('a');
    await vi.waitFor(() => expect(first.answers()).toBe('a'));
    const closed = Promise.all([once(first.socket, 'close'), once(second.socket, 'close')]);
    first.socket.write('b');
    await closed;
    await vi.waitFor(() => expect(came).toBe('ab'));
    const third = await open();
    third.socket.write('c');
    await vi.waitFor(() => expect(third.answers()).toBe('c'));
    expect(cuts).toBe(1);
    third.socket.destroy();
  });

  it('breaks nothing once that was called off', async () => {
    const { socket, answers } = await open();
    relay.cutAfter(0);
    relay.disarm();
    socket.write('a');
    await vi.waitFor(() => expect(answers()).toBe('a'));
    expect(cuts).toBe(0);
    socket.destroy();
  });
});
