import { createHash, timingSafeEqual } from 'node:crypto';
import type { AuthLevel } from './registeredFunction.ts';

/**
 * Whether a request may reach a function. The key travels in the header `x-functions-key` or as `code` in the
 * query, as in the cloud; this host has one key for all functions and for the level admin.
 */
export function isAuthorized(
  level: AuthLevel,
  request: { header: string | undefined; query: URLSearchParams },
  key: string,
): boolean {
  if (level === 'anonymous') return true;
  const given = request.header ?? request.query.get('code');
  return given !== null && timingSafeEqual(digest(given), digest(key));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
