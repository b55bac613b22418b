import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { describe, expect, it } from 'vitest';
import { authorizationPolicy } from '../../src/graph/authorizationPolicy.ts';

async function send(url: string, status = 200) {
  const sent: (string | undefined)[] = [];
  const dropped: string[] = [];
  const tokens = { get: () => Promise.resolve('t'), drop: (token: string) => void dropped.push(token) };
  const policy = authorizationPolicy('https://graph.microsoft.com', tokens);
  const request = createPipelineRequest({ url });
  const failure: unknown = await policy
    .sendRequest(request, (outgoing) => {
      sent.push(outgoing.headers.get('authorization'));
      return Promise.resolve({ status, headers: createHttpHeaders(), request: outgoing });
    })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  return { sent, dropped, failure };
}

describe('authorizationPolicy', () => {
  it('adds the token on the configured origin', async () => {
    expect(await send('https://graph.microsoft.com/v1.0/x')).toEqual({
      sent: ['Bearer t'],
      dropped: [],
      failure: undefined,
    });
  });

  it('drops a token that is refused', async () => {
    expect((await send('https://graph.microsoft.com/v1.0/x', 401)).dropped).toEqual(['t']);
    expect((await send('https://graph.microsoft.com/v1.0/x', 403)).dropped).toEqual([]);
  });

  it.each([
    ['https://graph.microsoft.us/v1.0/x'],
    ['http://graph.microsoft.com/v1.0/x'],
    ['https://graph.microsoft.com:444/v1.0/x'],
    ['https://graph.microsoft.com@example.com/x'],
  ])('lets no request out to %s', async (url) => {
    const { sent, failure } = await send(url);
    expect(sent).toEqual([]);
    expect(failure).toMatchObject({ kind: 'badLink', transient: false });
  });
});
