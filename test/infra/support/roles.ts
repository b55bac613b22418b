import { evaluateText } from './armExpression.ts';
import { ofType, type Resource, ROLE } from './snapshot.ts';

export interface Assignment {
  /** Resource id of what the role is on. */
  scope: string;
  principalId: string;
  roleId: string;
}

const EXPRESSION = /^\[extensionResourceId\('([^']+)'/;

/** Scope, principal and role of a role assignment. */
export function assignmentOf({ id, properties }: Resource): Assignment {
  return {
    scope: EXPRESSION.exec(id)?.[1] ?? id.split('/providers/Microsoft.Authorization/')[0] ?? '',
    // In the snapshot as the expression that names the identity.
    principalId: evaluateText(String(properties['principalId'])),
    roleId: String(properties['roleDefinitionId']).split('/').pop() ?? '',
  };
}

const ROLE_NAMES: Readonly<Record<string, string>> = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': 'Storage Blob Data Reader',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
  '090c5cfd-751d-490a-894a-3ce6f1109419': 'Service Bus Data Owner',
  '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0': 'Service Bus Data Receiver',
  '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39': 'Service Bus Data Sender',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
  'acdd72a7-3385-48ef-bd42-f606fba81ae7': 'Reader',
};

/** Who the principal is, by the expression or id in the snapshot. */
function whoIs(principal: string): string {
  if (principal.includes('userAssignedIdentities/id-pstn-alerts-')) return 'alert rules';
  if (principal.includes('userAssignedIdentities/id-pstn-')) return 'app';
  if (principal.startsWith('3333')) return 'reader';
  if (principal.startsWith('4444')) return 'operator';
  return principal;
}

/** What the role is on: the kind of account by its name, or the container. */
function placeOf(scope: string): string {
  const last = scope.split('/').pop() ?? '';
  const account = /storageAccounts\/pstn(host|data|calls)/.exec(scope)?.[1];
  if (scope.includes('/containers/')) return `${last} in ${account ?? 'nowhere'}`;
  if (account !== undefined) return `the ${account} account`;
  return last.replace(/-[a-z0-9]{13}$/, '');
}

/** Each assignment as one line: `app: Storage Blob Data Owner on the host account`. */
export const roleLines = (resources: readonly Resource[]): string[] =>
  ofType(resources, ROLE).map((resource) => {
    const { scope, roleId } = assignmentOf(resource);
    return `${whoIs(String(resource.properties['principalId']))}: ${ROLE_NAMES[roleId] ?? roleId} on ${placeOf(scope)}`;
  });
