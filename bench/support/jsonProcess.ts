import { answer, cpuMsOf } from './childProcess.ts';

/** The yardstick: what any program would spend that reads pages and writes them again. */
export interface JsonDone {
  cpuMs: number;
}

interface Page {
  '@odata.nextLink'?: string;
}

let written = 0;

answer(async ({ firstUrl }: { firstUrl: string }): Promise<JsonDone> => {
  const texts = await download(firstUrl);
  const cpuMs = await cpuMsOf(() => {
    for (const text of texts) written += JSON.stringify(JSON.parse(text)).length;
    return Promise.resolve();
  });
  if (written === 0) throw new Error('nothing was written');
  return { cpuMs };
});

async function download(firstUrl: string): Promise<string[]> {
  const texts: string[] = [];
  for (let url: string | undefined = firstUrl; url !== undefined;) {
    const text = await (await fetch(url)).text();
    texts.push(text);
    url = (JSON.parse(text) as Page)['@odata.nextLink'];
  }
  return texts;
}
