import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { expect, it } from 'vitest';
import { hearDates } from '../../src/app/hearDates.ts';
import type { ServiceClock } from '../../src/runtime/serviceClock.ts';

type Heard = Parameters<ServiceClock['heard']>[0];

it('tells the clock the date of each answer, between the times at which it was asked for and came', async () => {
  let localMs = 1_000;
  const heard: Heard[] = [];
  const policy = hearDates({ localNowMs: () => localMs, heard: (answer) => void heard.push(answer) });
  const request = createPipelineRequest({ url: 'https://storage.example/budget' });
  for (const date of ['Tue, 24 Nov 2026 06:00:00 GMT', undefined]) {
    const headers = createHttpHeaders(date === undefined ? {} : { date });
    const response = await policy.sendRequest(request, () => {
      localMs += 30;
      return Promise.resolve({ request, status: 412, headers });
    });
    expect(response.status).toBe(412);
  }
  expect(heard).toEqual([
    { sentMs: 1_000, receivedMs: 1_030, date: 'Tue, 24 Nov 2026 06:00:00 GMT' },
    { sentMs: 1_030, receivedMs: 1_060, date: undefined },
  ]);
});
