import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import type { ServiceClock } from '../runtime/serviceClock.ts';

/** Tells the clock the `Date` of every answer. Belongs behind the client's repeats: each request is measured by itself. */
export const hearDates = ({
  localNowMs,
  heard,
}: Pick<ServiceClock, 'localNowMs' | 'heard'>): PipelinePolicy => ({
  name: 'hearDates',
  async sendRequest(request, next) {
    const sentMs = localNowMs();
    const response = await next(request);
    heard({ sentMs, receivedMs: localNowMs(), date: response.headers.get('date') });
    return response;
  },
});
