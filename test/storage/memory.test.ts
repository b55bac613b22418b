import { memoryContainer } from '../support/memoryBlobs.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { blobConformance } from './blobConformance.ts';
import { asAzure, asAzurite } from './differences.ts';
import { repetitionConformance } from './repetitionConformance.ts';
import { tableConformance } from './tableConformance.ts';

const openContainer = () => Promise.resolve(memoryContainer('pstn-raw'));
const openTable = () => Promise.resolve(memoryTable('windows'));
const openLikeAzurite = () => Promise.resolve(memoryContainer('pstn-raw', { semantics: 'azurite' }));

blobConformance('the container of the tests', openContainer, asAzure);
blobConformance('the container of the tests, with the semantics of Azurite', openLikeAzurite, asAzurite);
tableConformance('the table of the tests', openTable, asAzure);

/** Carries out a call twice after `loseNextAnswer`, and gives the second answer. */
function repeating<T extends object>(store: T, takesNext: () => boolean): T {
  return new Proxy(store, {
    get(target, key, receiver): unknown {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member !== 'function') return member;
      const call = (...values: unknown[]): unknown => Reflect.apply(member, target, values);
      return (...values: unknown[]): unknown => {
        if (!takesNext()) return call(...values);
        return Promise.resolve(call(...values)).then(() => call(...values));
      };
    },
  });
}

repetitionConformance('a call of the store of the tests that is carried out twice', () => {
  let isNext = false;
  let lost = 0;
  const takesNext = (): boolean => {
    if (!isNext) return false;
    isNext = false;
    lost += 1;
    return true;
  };
  return Promise.resolve({
    container: repeating(memoryContainer('pstn-raw'), takesNext),
    table: repeating(memoryTable('windows'), takesNext),
    loseNextAnswer: () => {
      isNext = true;
    },
    lost: () => lost,
  });
});
