import { describe, expect, it } from 'vitest';
import { at, type ParameterSet, put, readSnapshot, type Resource, SETS } from './snapshot.ts';

/** A rule over the resources of a deployment. */
export interface Policy {
  /** Reads on "the infrastructure ...". */
  name: string;
  /** What is wrong, one line each. */
  faults: (resources: readonly Resource[], set: ParameterSet) => string[];
  /** Ways to break the rule; each changes the resources in place. */
  breaks: Readonly<Record<string, (resources: Resource[]) => void>>;
  /** Where it applies; everywhere unless given. */
  sets?: readonly ParameterSet[];
}

/** Tests that the rules hold for every snapshot, and that each of them finds a copy that was broken. */
export function testPolicies(subject: string, policies: readonly Policy[]): void {
  describe(subject, () => {
    for (const { name, faults, breaks, sets = SETS } of policies) {
      it(name, () => {
        for (const set of sets) expect(faults(readSnapshot(set), set), set).toEqual([]);
        expect(Object.keys(breaks).length, 'ways to break it').toBeGreaterThan(0);
        for (const [how, broken] of Object.entries(breaks)) {
          for (const set of sets) {
            const resources = readSnapshot(set);
            broken(resources);
            expect(faults(resources, set), `${set}, broken: ${how}`).not.toEqual([]);
          }
        }
      });
    }
  });
}

/** Every resource of a type has a value; broken by another value and by none, in each of them. */
export function everyHas(name: string, type: string, path: string, right: unknown, wrong: unknown): Policy {
  const isOf = (resource: Resource): boolean => resource.type === type;
  return {
    name,
    faults: (resources) => {
      const found = resources.filter(isOf);
      if (found.length === 0) return [`there is no ${type}`];
      return found
        .filter((resource) => JSON.stringify(at(resource, path)) !== JSON.stringify(right))
        .map((resource) => `${resource.name}: ${path} is ${JSON.stringify(at(resource, path))}`);
    },
    breaks: {
      'another value in the last one': (resources) => {
        const last = resources.findLast(isOf);
        if (last !== undefined) put(last, path, wrong);
      },
      'no value in the first one': (resources) => {
        const first = resources.find(isOf);
        if (first !== undefined) put(first, path, undefined);
      },
    },
  };
}

/** Takes a resource away. */
export const without =
  (matches: (resource: Resource) => boolean) =>
  (resources: Resource[]): void => {
    const index = resources.findIndex(matches);
    if (index < 0) throw new Error('there is nothing to take away');
    resources.splice(index, 1);
  };
