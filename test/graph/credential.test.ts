import { AzureCliCredential, EnvironmentCredential, ManagedIdentityCredential } from '@azure/identity';
import { describe, expect, it } from 'vitest';
import { chooseCredential, createCredential } from '../../src/graph/credential.ts';

const AZURE = { IDENTITY_ENDPOINT: 'http://127.0.0.1:41111/token', IDENTITY_HEADER: 'x' };
const APP = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c' };

describe('chooseCredential', () => {
  it.each([
    ['in Azure the managed identity', { ...AZURE, AZURE_CLIENT_ID: 'c' }, 'managedIdentity'],
    [
      'in Azure the managed identity even beside a secret',
      { ...AZURE, ...APP, AZURE_CLIENT_SECRET: 's' },
      'managedIdentity',
    ],
    ['elsewhere an app with a secret', { ...APP, AZURE_CLIENT_SECRET: 's' }, 'environment'],
    [
      'elsewhere an app with a certificate',
      { ...APP, AZURE_CLIENT_CERTIFICATE_PATH: 'c.pem' },
      'environment',
    ],
    ['an app without a proof of its own: az login', APP, 'azureCli'],
    ['an empty secret: az login', { ...APP, AZURE_CLIENT_SECRET: '' }, 'azureCli'],
    ['nothing: az login', {}, 'azureCli'],
  ])('%s', (_name, environment, kind) => {
    expect(chooseCredential(environment)).toBe(kind);
  });
});

describe('createCredential', () => {
  it('makes the one that was chosen', async () => {
    const make = (environment: Record<string, string>) =>
      createCredential(environment, 'https://login.microsoftonline.us');
    expect(await make({ ...AZURE, AZURE_CLIENT_ID: 'c' })).toBeInstanceOf(ManagedIdentityCredential);
    expect(await make(AZURE)).toBeInstanceOf(ManagedIdentityCredential);
    expect(await make({ ...APP, AZURE_CLIENT_SECRET: 's' })).toBeInstanceOf(EnvironmentCredential);
    expect(await make({})).toBeInstanceOf(AzureCliCredential);
  });
});
