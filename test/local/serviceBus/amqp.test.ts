import { once } from 'node:events';
import rhea, {
  type AmqpError,
  type Connection,
  type Delivery,
  type EventContext,
  type Message,
  type Receiver,
  type Sender,
} from 'rhea';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ServiceBusEndpoint, startServiceBusEndpoint } from '../../../src/local/serviceBus/endpoint.ts';
import { until } from './target.ts';

/** What other clients do and Microsoft's does not: asked by plain AMQP 1.0. */
describe('the local Service Bus, asked by a plain AMQP client', () => {
  let endpoint: ServiceBusEndpoint;
  let connection: Connection;

  beforeEach(async () => {
    endpoint = await startServiceBusEndpoint({ queues: ['orders', 'other'], maxDeliveryCount: 3 });
    connection = rhea
      .create_container()
      .connect({ host: '127.0.0.1', port: endpoint.port, reconnect: false });
    await once(connection, 'connection_open');
  });
  afterEach(async () => {
    connection.close();
    await once(connection, 'connection_close');
    await endpoint.close();
  });

  const openSender = async (options: Parameters<Connection['open_sender']>[0]): Promise<Sender> => {
    const sender = connection.open_sender(options);
    if (!sender.sendable()) await once(sender, 'sendable');
    return sender;
  };
  /** Rejects with the AMQP error if the message is refused. */
  const send = (sender: Sender, message: Message): Promise<void> =>
    new Promise((resolve, reject) => {
      const delivery = sender.send(message);
      const finish = (context: EventContext) => {
        if (context.delivery !== delivery) return;
        sender.removeListener('accepted', finish);
        sender.removeListener('rejected', finish);
        const error = (delivery.remote_state as { error?: AmqpError } | undefined)?.error;
        if (error === undefined) resolve();
        else reject(new Error(`${error.condition ?? ''}: ${error.description ?? ''}`));
      };
      sender.on('accepted', finish);
      sender.on('rejected', finish);
    });
  const manual = { credit_window: 0, autoaccept: false } as const;
  const openReceiver = async (
    options: Exclude<Parameters<Connection['open_receiver']>[0], string | undefined>,
  ) => {
    const receiver = connection.open_receiver({ ...manual, ...options });
    await once(receiver, 'receiver_open');
    return receiver;
  };
  const next = async (receiver: Receiver): Promise<{ message: Message; delivery: Delivery }> => {
    const arrived = once(receiver, 'message') as Promise<[{ message: Message; delivery: Delivery }]>;
    receiver.add_credit(1);
    return (await arrived)[0];
  };

  it('keeps apart a sender and a receiver that have the same name', async () => {
    const sender = await openSender({ name: 'same', target: 'orders' });
    // This client, too, finds links by name: it is made to forget the first.
    const { links } = sender.session as unknown as { links: Record<string, unknown> };
    links['first'] = links['same'];
    delete links['same'];
    const receiver = await openReceiver({ name: 'same', source: 'orders' });
    const arrived = next(receiver);
    await send(sender, { body: 'x' });
    const { message, delivery } = await arrived;
    expect(message.body).toBe('x');
    delivery.accept();
    await until('it is completed', () => endpoint.counts('orders').locked === 0);
  });

  it('settles for a receiver that settles first', async () => {
    const sender = await openSender('orders');
    await send(sender, { body: 1 });
    const receiver = await openReceiver({ source: 'orders', rcv_settle_mode: 0 });
    (await next(receiver)).delivery.accept();
    await until('it is completed', () => endpoint.counts('orders').locked === 0);
    expect(endpoint.counts('orders').active).toBe(0);
  });

  it('does not count a delivery that is released, or settled without an outcome', async () => {
    const sender = await openSender('orders');
    await send(sender, { body: 1 });
    const receiver = await openReceiver({ source: 'orders', rcv_settle_mode: 0 });
    (await next(receiver)).delivery.release();
    (await next(receiver)).delivery.update(true);
    const { message, delivery } = await next(receiver);
    expect(message.delivery_count ?? 0).toBe(0);
    delivery.accept();
    await until('it is completed', () => endpoint.counts('orders').locked === 0);
  });

  it('dead-letters a rejected message with the condition and description of the error', async () => {
    const sender = await openSender('orders');
    await send(sender, { body: 1 });
    const receiver = await openReceiver({ source: 'orders' });
    (await next(receiver)).delivery.reject({ condition: 'app:bad', description: 'no good' });
    const deadLetters = await openReceiver({ source: 'orders/$DeadLetterQueue' });
    const { message, delivery } = await next(deadLetters);
    expect(message.application_properties).toEqual({
      DeadLetterReason: 'app:bad',
      DeadLetterErrorDescription: 'no good',
    });
    delivery.accept();
    await until('it is completed', () => endpoint.counts('orders').deadLettered === 0);
  });

  it('answers a settlement that waits for the answer, and tells apart those that are refused in between', async () => {
    const sender = await openSender('orders');
    for (let body = 0; body < 3; body += 1) await send(sender, { body });
    const receiver = await openReceiver({ source: 'orders', rcv_settle_mode: 1 });
    const deliveries: Delivery[] = [];
    for (let body = 0; body < 3; body += 1) deliveries.push((await next(receiver)).delivery);
    const answers: string[] = [];
    receiver.on('settled', ({ delivery }: EventContext) => {
      const state = delivery?.remote_state as { error?: AmqpError } | undefined;
      answers.push(state?.error?.condition ?? 'done');
    });
    // The second is settled elsewhere before: its own settlement comes too late.
    await settleByRequest(deliveries[1]);
    for (const delivery of deliveries) delivery.accept();
    await until('all are answered', () => answers.length === 3);
    expect(answers).toEqual(['done', 'com.microsoft:message-lock-lost', 'done']);
    expect(endpoint.counts('orders')).toMatchObject({ active: 0, locked: 0 });
  });

  it('takes messages that are settled when they are sent', async () => {
    const sender = await openSender({ target: 'orders', snd_settle_mode: 1 });
    sender.send({ body: 1 });
    await until('it is there', () => endpoint.counts('orders').active === 1);
  });

  it('refuses bytes that are no message and formats that it does not know, and no others sent with them', async () => {
    const sender = await openSender('orders');
    const outcomes = new Map<Delivery | undefined, string>();
    sender.on('accepted', ({ delivery }: EventContext) => outcomes.set(delivery, 'accepted'));
    sender.on('rejected', ({ delivery }: EventContext) => {
      const state = delivery?.remote_state as { error?: AmqpError } | undefined;
      outcomes.set(delivery, state?.error?.condition ?? '');
    });
    const good = () => sender.send(rhea.message.encode({ body: 'x' }), undefined, 0);
    const deliveries = [
      good(),
      sender.send(Buffer.from('no message'), undefined, 0),
      good(),
      sender.send(Buffer.from('no batch'), undefined, 0x80013700),
      sender.send(rhea.message.encode({ body: 'x' }), undefined, 77),
      good(),
    ];
    await until('all are answered', () => outcomes.size === deliveries.length);
    const refused = 'amqp:decode-error';
    expect(deliveries.map((delivery) => outcomes.get(delivery))).toEqual([
      'accepted',
      refused,
      'accepted',
      refused,
      refused,
      'accepted',
    ]);
    expect(endpoint.counts('orders').active).toBe(3);
  });

  it('refuses to take messages for the dead letters, and receivers of sessions', async () => {
    const sender = connection.open_sender('orders/$DeadLetterQueue');
    await once(sender, 'sender_error');
    expect(sender.error).toMatchObject({ condition: 'amqp:not-allowed' });
    const receiver = connection.open_receiver({
      source: { address: 'orders', filter: { 'com.microsoft:session-filter': 'x' } },
    });
    await once(receiver, 'receiver_error');
    expect(receiver.error).toMatchObject({ condition: 'amqp:not-allowed' });
  });

  it('delivers no more than the credit, and gives the rest back when it is drained', async () => {
    const sender = await openSender('orders');
    for (let body = 0; body < 5; body += 1) await send(sender, { body });
    const receiver = await openReceiver({ source: 'orders' });
    const bodies: unknown[] = [];
    const deliveries: (Delivery | undefined)[] = [];
    receiver.on('message', ({ message, delivery }: EventContext) => {
      bodies.push(message?.body);
      deliveries.push(delivery);
    });
    let timesDrained = 0;
    receiver.on('receiver_drained', () => (timesDrained += 1));
    receiver.add_credit(2);
    await until('two are delivered', () => bodies.length === 2);
    receiver.add_credit(10);
    const drained = once(receiver, 'receiver_drained');
    receiver.drain_credit();
    await drained;
    expect(bodies).toEqual([0, 1, 2, 3, 4]);
    for (const delivery of deliveries) delivery?.accept();
    await send(sender, { body: 5 });
    await until('the first five are completed', () => endpoint.counts('orders').locked === 0);
    expect(endpoint.counts('orders')).toMatchObject({ active: 1, locked: 0 });
    expect(timesDrained).toBe(1);
    receiver.drain = false;
    receiver.add_credit(1);
    await until('the sixth is delivered', () => bodies.length === 6);
  });

  it('feeds two receivers of one session, each by its own credit', async () => {
    const orders = await openReceiver({ source: 'orders' });
    const other = await openReceiver({ source: 'other' });
    const toOrders = await openSender('orders');
    const toOther = await openSender('other');
    for (let body = 0; body < 20; body += 1) {
      const arrived = Promise.all([next(orders), next(other)]);
      await Promise.all([send(toOrders, { body: `a${body}` }), send(toOther, { body: `b${body}` })]);
      const [first, second] = await arrived;
      expect([first.message.body, second.message.body]).toEqual([`a${body}`, `b${body}`]);
      first.delivery.accept();
      second.delivery.accept();
    }
    await until(
      'all are completed',
      () => endpoint.counts('orders').locked + endpoint.counts('other').locked === 0,
    );
  });

  it('says which request it does not know', async () => {
    const response = await request('com.microsoft:get-message-sessions', {});
    expect(response.application_properties).toMatchObject({
      statusCode: 501,
      errorCondition: 'amqp:not-implemented',
    });
  });

  async function settleByRequest(delivery: Delivery | undefined): Promise<void> {
    const tag = Buffer.from(delivery?.tag ?? '');
    const fields = [tag.subarray(0, 4), tag.subarray(4, 6), tag.subarray(6, 8)].map((part) =>
      Buffer.from(part).reverse(),
    );
    const token = Buffer.concat([...fields, tag.subarray(8)]);
    const response = await request('com.microsoft:update-disposition', {
      'disposition-status': 'completed',
      'lock-tokens': rhea.types.wrap_array([token], 0x98, undefined),
    });
    expect(response.application_properties).toMatchObject({ statusCode: 200 });
  }

  async function request(operation: string, body: Record<string, unknown>): Promise<Message> {
    const replies = await openReceiver({ source: 'orders/$management', target: 'replies-here' });
    const requests = await openSender('orders/$management');
    const answered = next(replies);
    requests.send({
      message_id: 'r1',
      reply_to: 'replies-here',
      application_properties: { operation },
      body,
    });
    const { message, delivery } = await answered;
    delivery.accept();
    expect(message.correlation_id).toBe('r1');
    return message;
  }
});
