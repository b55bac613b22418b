import { readFileSync } from 'node:fs';
import * as z from 'zod';

/** A resource as it would be deployed. */
export interface Resource {
  id: string;
  type: string;
  name: string;
  apiVersion: string;
  location?: string | undefined;
  kind?: string | undefined;
  sku?: Record<string, unknown> | undefined;
  tags?: Record<string, string> | undefined;
  identity?: { type: string; userAssignedIdentities?: Record<string, unknown> } | undefined;
  properties: Properties;
}

/** JSON whose shape the test that reads it knows; `at` goes down into it. */
export interface Properties {
  [name: string]: unknown;
}

const RESOURCE = z.looseObject({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  apiVersion: z.string(),
  location: z.string().optional(),
  kind: z.string().optional(),
  sku: z.record(z.string(), z.unknown()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  identity: z
    .object({ type: z.string(), userAssignedIdentities: z.record(z.string(), z.unknown()) })
    .optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
});

export const SETS = ['default', 'private-network', 'hierarchical-namespace'] as const;
export type ParameterSet = (typeof SETS)[number];

export const snapshotText = (set: ParameterSet): string =>
  readFileSync(new URL(`../../../infra/params/${set}.snapshot.json`, import.meta.url), 'utf8');

export const parseSnapshot = (text: string): Resource[] =>
  z.object({ predictedResources: z.array(RESOURCE) }).parse(JSON.parse(text)).predictedResources;

/** The resources of a parameter set, each call a copy of its own: it may be broken on purpose. */
export const readSnapshot = (set: ParameterSet): Resource[] => parseSnapshot(snapshotText(set));

/** What lies at a path such as `features.disableLocalAuth` or `rules.0.name`; undefined if nothing does. */
export const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (inside, name) =>
        typeof inside === 'object' && inside !== null ? (inside as Properties)[name] : undefined,
      value,
    );

/** Puts a value at a path; undefined takes away what is there. @throws Error if the path leads nowhere. */
export function put(resource: Resource, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  const holder = names.length === 0 ? resource : at(resource, names.join('.'));
  if (typeof holder !== 'object' || holder === null) throw new Error(`${resource.name} has no ${path}`);
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else Reflect.set(holder, last, value);
}

export const ofType = (resources: readonly Resource[], type: string): Resource[] =>
  resources.filter((resource) => resource.type === type);

/** @throws Error unless there is exactly one. */
export function only(resources: readonly Resource[], type: string): Resource {
  const [resource, ...others] = ofType(resources, type);
  if (resource === undefined || others.length > 0)
    throw new Error(`${others.length + 1} resources of ${type}`);
  return resource;
}

export const list = (value: unknown): Properties[] =>
  z.array(z.record(z.string(), z.unknown())).parse(value ?? []);

export const STORAGE = 'Microsoft.Storage/storageAccounts';
export const QUEUE = 'Microsoft.ServiceBus/namespaces/queues';
export const NAMESPACE = 'Microsoft.ServiceBus/namespaces';
export const SITE = 'Microsoft.Web/sites';
export const ROLE = 'Microsoft.Authorization/roleAssignments';

/** The app settings, by name, as the template has them. */
export const appSettings = (resources: readonly Resource[]): Map<string, string> =>
  new Map(
    list(at(only(resources, SITE), 'properties.siteConfig.appSettings')).map(({ name, value }) => [
      String(name),
      String(value),
    ]),
  );

/** Adds an app setting, or replaces it. */
export function setSetting(resources: readonly Resource[], name: string, value: string): void {
  const settings = list(at(only(resources, SITE), 'properties.siteConfig.appSettings'));
  put(only(resources, SITE), 'properties.siteConfig.appSettings', [
    ...settings.filter((setting) => setting['name'] !== name),
    { name, value },
  ]);
}
