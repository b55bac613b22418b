import type { Settlement } from '../queueTypes.ts';
import type { Typed, TypedEntries } from './codec.ts';
import { entriesOf, plain } from './codec.ts';
import type { WireMessage } from './message.ts';
import { valueUnder, withAdded, withoutKeys } from './message.ts';

/** The outcomes of AMQP 1.0 that settle a delivery. */
export const OUTCOMES = ['accepted', 'rejected', 'released', 'modified'] as const;
export type Outcome = (typeof OUTCOMES)[number];

const REASON = 'DeadLetterReason';
const DESCRIPTION = 'DeadLetterErrorDescription';
const DEAD_LETTER_CONDITION = 'com.microsoft:dead-letter';

/**
 * What an outcome means to the queue. Properties that come with it join the application properties.
 * @param state the outcome as decoded by the library: its fields, typed, in `value`.
 */
export function settlementOf(outcome: Outcome, state: unknown): Settlement<WireMessage> {
  const fields = fieldsOf(state);
  switch (outcome) {
    case 'accepted':
      return { kind: 'complete' };
    case 'released':
      return { kind: 'release' };
    case 'modified': {
      const undeliverableHere = plain(fields[1]) === true;
      return { kind: undeliverableHere ? 'defer' : 'abandon', modify: withAdded(entriesOf(fields[2])) };
    }
    case 'rejected': {
      const [condition, description, info] = fieldsOf(fields[0]);
      return deadLetterOf(entriesOf(info), { condition: text(condition), description: text(description) });
    }
  }
}

/** Reason and description come under their names in the properties; a plain AMQP error stands in for them. */
function deadLetterOf(
  info: TypedEntries,
  error: { condition: string | undefined; description: string | undefined },
): Settlement<WireMessage> {
  const fromError = error.condition === DEAD_LETTER_CONDITION ? undefined : error.condition;
  return {
    kind: 'deadLetter',
    reason: text(valueUnder(info, REASON)) ?? fromError,
    description: text(valueUnder(info, DESCRIPTION)) ?? error.description,
    modify: withAdded(withoutKeys(info, new Set([REASON, DESCRIPTION]))),
  };
}

function text(value: Typed | undefined): string | undefined {
  const unwrapped = plain(value);
  return typeof unwrapped === 'string' ? unwrapped : undefined;
}

function fieldsOf(composite: unknown): TypedEntries {
  if (typeof composite !== 'object' || composite === null || !('value' in composite)) return [];
  return Array.isArray(composite.value) ? (composite.value as Typed[]) : [];
}
