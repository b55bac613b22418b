import { ensureStorage } from '../../../src/local/pipeline/ensureStorage.ts';
import { startAzurite } from '../../../src/local/storage/azurite.ts';
import { type Gate, type GateRule, startGate } from './gate.ts';
import { servePart, tell } from './servePart.ts';

export type StorageQuestion =
  { ask: 'arm'; host: number; rule: GateRule } | { ask: 'disarm' | 'release' | 'drop'; host: number };
export interface StorageReady {
  /** For whoever is no host. */
  connectionString: string;
  /** For each host, a way of its own. */
  hosts: string[];
}
export type StorageAnswer = true;
/** A host's request met the rule that was armed for it. */
export interface StorageNote {
  met: number;
  what: string;
}

const [, , hosts = '0'] = process.argv;
const azurite = await startAzurite();
await ensureStorage(azurite.connectionString);
const endpointOf = (service: string): URL => {
  const text = new RegExp(`${service}Endpoint=([^;]+)`).exec(azurite.connectionString)?.[1];
  if (text === undefined) throw new Error(`the storage has no ${service}Endpoint`);
  return new URL(text);
};
const services = [endpointOf('Blob'), endpointOf('Table')];
const gates: Gate[] = [];
for (let host = 0; host < Number(hosts); host += 1) {
  gates.push(
    await startGate(
      services.map(({ origin }) => origin),
      (what) => tell({ met: host, what } satisfies StorageNote),
    ),
  );
}
const throughGate = ({ origins }: Gate): string =>
  services.reduce(
    (text, { origin }, index) => text.replace(origin, origins[index] ?? origin),
    azurite.connectionString,
  );

const ready: StorageReady = {
  connectionString: azurite.connectionString,
  hosts: gates.map(throughGate),
};
servePart(
  ready,
  (question: StorageQuestion): StorageAnswer => {
    const gate = gates[question.host];
    if (question.ask === 'arm') gate?.arm(question.rule);
    else gate?.[question.ask]();
    return true;
  },
  async () => {
    await Promise.all(gates.map((gate) => gate.close()));
    await azurite.stop();
  },
);
