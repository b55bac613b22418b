/** Permissions on Microsoft Graph that let the app read the log of PSTN calls. */
export const PERMISSIONS: readonly string[];
