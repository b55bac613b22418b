/** The app cannot be run: what is wrong with it, where, and what to do. */
export class HostError extends Error {
  override readonly name = 'HostError';
}
