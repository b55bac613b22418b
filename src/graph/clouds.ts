import type { Config } from '../config/config.ts';

/** Where one of Microsoft's clouds has its Graph and its tokens. */
export interface Cloud {
  /** Origin of Microsoft Graph, without a path. */
  graphOrigin: string;
  /** Origin of Microsoft Entra ID, which issues the tokens. */
  authorityHost: string;
}

/** The clouds that have getPstnCalls. A token of one is worth nothing in another. */
export const CLOUDS: Readonly<Record<Config['GRAPH_CLOUD'], Cloud>> = {
  global: { graphOrigin: 'https://graph.microsoft.com', authorityHost: 'https://login.microsoftonline.com' },
  usgov: { graphOrigin: 'https://graph.microsoft.us', authorityHost: 'https://login.microsoftonline.us' },
  dod: { graphOrigin: 'https://dod-graph.microsoft.us', authorityHost: 'https://login.microsoftonline.us' },
};

/** The scope of a token for everything that was granted to the app on this Graph. */
export const defaultScope = (graphOrigin: string): string => `${graphOrigin}/.default`;
