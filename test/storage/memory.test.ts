import { memoryContainer } from '../support/memoryBlobs.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { blobConformance } from './blobConformance.ts';
import { tableConformance } from './tableConformance.ts';

blobConformance('the container of the tests', () => Promise.resolve(memoryContainer('pstn-raw')));
tableConformance('the table of the tests', () => Promise.resolve(memoryTable('windows')));
