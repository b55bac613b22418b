/** Bundles the functions to `dist/functions` and the command line to `dist/cli`. */
export function buildAll(): Promise<void>;
