import type { TokenCredential } from '@azure/core-auth';
import type { Environment } from '../config/config.ts';

export type CredentialKind = 'managedIdentity' | 'environment' | 'azureCli';

/** Which credential this environment calls for: one, so that an error tells about the one that was meant. */
export function chooseCredential(environment: Environment): CredentialKind {
  const has = (name: string): boolean => (environment[name] ?? '') !== '';
  // Azure Functions sets both where a managed identity is assigned.
  if (has('IDENTITY_ENDPOINT') && has('IDENTITY_HEADER')) return 'managedIdentity';
  const isApp = has('AZURE_TENANT_ID') && has('AZURE_CLIENT_ID');
  if (isApp && (has('AZURE_CLIENT_SECRET') || has('AZURE_CLIENT_CERTIFICATE_PATH'))) return 'environment';
  return 'azureCli';
}

/** Makes that credential. The identity library is loaded here and not before: it is large. */
export async function createCredential(
  environment: Environment,
  authorityHost: string,
): Promise<TokenCredential> {
  const identity = await import('@azure/identity');
  switch (chooseCredential(environment)) {
    case 'managedIdentity': {
      const clientId = environment['AZURE_CLIENT_ID'] ?? '';
      // Without a client id it is the app's system-assigned identity.
      return clientId === ''
        ? new identity.ManagedIdentityCredential()
        : new identity.ManagedIdentityCredential({ clientId });
    }
    case 'environment':
      return new identity.EnvironmentCredential({ authorityHost });
    case 'azureCli':
      return new identity.AzureCliCredential();
  }
}

/** What a simulator on this machine is shown: nothing that would open anything. */
export const SIMULATOR_TOKEN = 'token-for-a-simulated-graph';

export const simulatorCredential: TokenCredential = {
  getToken: () => Promise.resolve({ token: SIMULATOR_TOKEN, expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
};
