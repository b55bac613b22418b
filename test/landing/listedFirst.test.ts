import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { listedFirst } from '../../src/landing/listedFirst.ts';
import { type BlobContainer, StorageError } from '../../src/storage/blobs.ts';
import { type MemoryContainer, memoryContainer } from '../support/memoryBlobs.ts';
import { type Step, steppedContainer } from '../support/steps.ts';

const PREFIXES = ['ndjson/v1/callDate=2026-11-23/', 'rejected/v1/callDate=2026-11-23/'];
const [RAW = '', REJECTED = ''] = PREFIXES;
const HERE = `${RAW}here`;
const ABSENT = `${RAW}absent`;
const BESIDE = 'ndjson/v1/callDate=2026-11-24/here';
const bytes = (text: string) => Buffer.from(text);

describe('a container whose blobs are listed first', () => {
  let store: MemoryContainer;
  /** Names of the calls that reached the store. */
  let asked: string[];
  let stepped: BlobContainer;

  beforeEach(async () => {
    asked = [];
    store = memoryContainer('pstn-raw');
    const step: Step = (name, call) => {
      asked.push(name);
      return call();
    };
    stepped = steppedContainer(store, step);
    for (const name of [HERE, `${REJECTED}here`, BESIDE]) {
      await store.put(name, bytes(name), { metadata: { claim: '7' } });
    }
  });

  /** What the store was asked for since the last time. */
  const askedSince = (): string[] => asked.splice(0);
  const listedNow = async (): Promise<BlobContainer> => {
    const container = await listedFirst(stepped, PREFIXES);
    asked = [];
    return container;
  };

  it('costs one listing for each prefix', async () => {
    await listedFirst(stepped, PREFIXES);
    expect(asked.sort()).toEqual(PREFIXES.map((prefix) => `list ${prefix}`));
  });

  it('lists a few prefixes at a time, however many days a job has', async () => {
    let open = 0;
    let most = 0;
    const slow: BlobContainer = {
      ...store,
      async *list(prefix) {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setImmediate(resolve));
        yield* store.list(prefix);
        open -= 1;
      },
    };
    const prefixes = Array.from({ length: 180 }, (_, day) => `ndjson/v1/callDate=${day}/`);
    const container = await listedFirst(slow, [...prefixes, RAW]);
    expect(most).toBe(8);
    expect((await container.properties(HERE))?.etag).toBe(store.blobs.get(HERE)?.etag);
  });

  it('costs nothing without prefixes, and then asks the store for everything', async () => {
    const container = await listedFirst(stepped, []);
    expect(await container.properties(HERE)).toEqual(await store.properties(HERE));
    expect(asked).toEqual([`properties ${HERE}`]);
  });

  it('cannot be made if a listing fails', async () => {
    const step: Step = (name, call) =>
      name.endsWith(REJECTED) ? Promise.reject(new StorageError(503, 'ServerBusy', 'busy')) : call();
    await expect(listedFirst(steppedContainer(store, step), PREFIXES)).rejects.toThrow('busy');
  });

  it('answers for what is listed as the store would, again and again, and asks nobody', async () => {
    const container = await listedNow();
    for (const name of [HERE, `${REJECTED}here`, HERE]) {
      expect(await container.properties(name)).toEqual(await store.properties(name));
    }
    expect((await container.properties(HERE))?.metadata).toEqual({ claim: '7' });
    expect(asked).toEqual([]);
  });

  it('knows which blobs under the prefixes are not there', async () => {
    const container = await listedNow();
    expect(await container.properties(ABSENT)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('asks the store for every other name', async () => {
    const container = await listedNow();
    expect(await container.properties(BESIDE)).toEqual(await store.properties(BESIDE));
    expect(await container.properties('ndjson')).toBeUndefined();
    expect(askedSince()).toEqual([`properties ${BESIDE}`, 'properties ndjson']);
  });

  it('gives its name, and lists what is there now', async () => {
    const container = await listedNow();
    await store.put(ABSENT, bytes('x'));
    const names: string[] = [];
    for await (const { name } of container.list(RAW)) names.push(name);
    expect([container.name, names]).toEqual(['pstn-raw', [ABSENT, HERE]]);
  });

  const touches: [string, string, (container: BlobContainer, name: string) => Promise<unknown>][] = [
    ['read', 'read', (container, name) => container.read(name)],
    ['put', 'put', (container, name) => container.put(name, bytes('new'))],
    ['stageBlock', 'stage', (container, name) => container.stageBlock(name, 'a', bytes('new'))],
    ['commitBlocks', 'commit', (container, name) => container.commitBlocks(name, [])],
    ['delete', 'delete', (container, name) => container.delete(name)],
  ];

  it.each(touches)('asks the store once a blob was touched by %s', async (_, step, touch) => {
    for (const name of [HERE, ABSENT]) {
      const container = await listedNow();
      await touch(container, name);
      expect(await container.properties(name)).toEqual(await store.properties(name));
      await container.properties(name);
      expect(askedSince()).toEqual([`${step} ${name}`, `properties ${name}`, `properties ${name}`]);
      await container.properties(`${REJECTED}here`);
      await container.properties(`${name}/other`);
      expect(askedSince()).toEqual([]);
    }
  });

  it.each(touches)('asks the store also if %s failed, or has not ended', async (_, step, touch) => {
    const fail: Step = (name, call) =>
      name === `${step} ${HERE}` ? Promise.reject(new StorageError(503, 'ServerBusy', 'busy')) : call();
    const container = await listedFirst(steppedContainer(stepped, fail), PREFIXES);
    const failing = touch(container, HERE);
    asked = [];
    await container.properties(HERE);
    await expect(failing).rejects.toThrow('busy');
    await container.properties(HERE);
    expect(asked).toEqual([`properties ${HERE}`, `properties ${HERE}`]);
  });

  it.each([
    ['put', (to: BlobContainer, ifMatch: string) => to.put(HERE, bytes('mine'), { condition: { ifMatch } })],
    [
      'commitBlocks',
      (to: BlobContainer, ifMatch: string) => to.commitBlocks(HERE, [], { condition: { ifMatch } }),
    ],
    ['delete', (to: BlobContainer, ifMatch: string) => to.delete(HERE, { ifMatch })],
    ['read', (to: BlobContainer, ifMatch: string) => to.read(HERE, { ifMatch })],
  ])(
    'is refused a %s on the ETag of the listing if another wrote since, and then sees the other',
    async (_, call) => {
      const container = await listedNow();
      const { etag } = await store.put(HERE, bytes('of another'), { metadata: { claim: '8' } });
      const listed = await container.properties(HERE);
      expect(listed?.metadata).toEqual({ claim: '7' });
      await expect(call(container, listed?.etag ?? '')).rejects.toMatchObject({ status: 412 });
      expect(store.text(HERE)).toBe('of another');
      expect(await container.properties(HERE)).toMatchObject({ etag, metadata: { claim: '8' } });
      expect(await container.put(HERE, bytes('mine'), { condition: { ifMatch: etag } })).toMatchObject({});
    },
  );

  it('is refused to make a blob that another has made since, and then sees it', async () => {
    const container = await listedNow();
    const { etag } = await store.put(ABSENT, bytes('of another'));
    expect(await container.properties(ABSENT)).toBeUndefined();
    const made = container.put(ABSENT, bytes('mine'), { condition: 'absent' });
    await expect(made).rejects.toMatchObject({ status: 409 });
    expect(await container.properties(ABSENT)).toMatchObject({ etag });
  });

  it('writes on the ETag of the listing if nobody else did', async () => {
    const container = await listedNow();
    const listed = await container.properties(HERE);
    const condition = { ifMatch: listed?.etag ?? '' };
    const { etag } = await container.put(HERE, bytes('mine'), { condition, metadata: { claim: '8' } });
    expect(store.text(HERE)).toBe('mine');
    expect(await container.properties(HERE)).toMatchObject({ etag, metadata: { claim: '8' } });
  });

  it('is the store itself, as long as nobody else writes', async () => {
    const name = fc.constantFrom(HERE, ABSENT, `${REJECTED}here`, BESIDE, `${RAW}deep/er`);
    const call = fc.constantFrom('properties', 'read', 'put', 'commit', 'delete');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(call, name), { maxLength: 20 }), async (calls) => {
        const container = await listedNow();
        for (const [what, blob] of calls) {
          if (what === 'put') await container.put(blob, bytes(what));
          else if (what === 'commit') await container.commitBlocks(blob, []);
          else if (what === 'delete') await container.delete(blob);
          else if (what === 'read') {
            const { etag } = (await container.read(blob)) ?? {};
            expect(etag).toBe((await store.properties(blob))?.etag);
          } else expect(await container.properties(blob)).toEqual(await store.properties(blob));
        }
      }),
    );
  });
});
