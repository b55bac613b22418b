/** What kinds of calls the tenant makes, how often, and who pays for what. */
export interface CallType {
  name: string;
  weight: number;
  inbound: boolean;
  /** Whom the row names: a caller or callee, the organizer of a meeting, a voice app, or nobody. */
  party: 'user' | 'organizer' | 'voiceApp' | 'nobody';
  meanSeconds: number;
}

export const CALL_TYPES: readonly CallType[] = [
  { name: 'user_in', weight: 36, inbound: true, party: 'user', meanSeconds: 210 },
  { name: 'user_out', weight: 35, inbound: false, party: 'user', meanSeconds: 190 },
  { name: 'conf_in', weight: 9, inbound: true, party: 'organizer', meanSeconds: 1_900 },
  { name: 'conf_out', weight: 4, inbound: false, party: 'organizer', meanSeconds: 1_500 },
  { name: 'user_out_conf', weight: 3, inbound: false, party: 'user', meanSeconds: 900 },
  { name: 'user_out_transfer', weight: 2, inbound: false, party: 'user', meanSeconds: 260 },
  { name: 'user_out_forwarding', weight: 3, inbound: false, party: 'user', meanSeconds: 170 },
  { name: 'ucap_in', weight: 5, inbound: true, party: 'voiceApp', meanSeconds: 95 },
  { name: 'ucap_out', weight: 2, inbound: false, party: 'voiceApp', meanSeconds: 140 },
  { name: 'unassigned_in', weight: 1, inbound: true, party: 'nobody', meanSeconds: 25 },
];

/** A licence and which calls it does not include, so that they are charged by the minute. */
export interface Licence {
  name: string;
  weight: number;
  charged: { inbound: boolean; domestic: boolean; international: boolean };
}

const included = { inbound: false, domestic: false, international: false };
const perMinute = { inbound: false, domestic: true, international: true };

/** `MCOEV`: a calling plan of an operator, who charges elsewhere. */
export const OPERATOR_LICENCE = 'MCOEV';
export const USER_LICENCES: readonly Licence[] = [
  { name: 'MCOPSTN1', weight: 34, charged: { ...included, international: true } },
  { name: 'MCOPSTN2', weight: 22, charged: included },
  { name: 'MCOPSTN5', weight: 12, charged: { ...included, international: true } },
  { name: 'MCOPSTNPP', weight: 24, charged: perMinute },
  { name: OPERATOR_LICENCE, weight: 8, charged: included },
];
export const CONFERENCE_LICENCES: readonly Licence[] = [
  { name: 'MCOMEETADD', weight: 80, charged: { ...included, international: true } },
  { name: 'MCOMEETACPEA', weight: 20, charged: { ...perMinute, inbound: true } },
];
export const VOICE_APP_LICENCES: readonly Licence[] = [
  { name: 'MCOEV_VIRTUALUSER', weight: 70, charged: perMinute },
  { name: 'FREECALL', weight: 30, charged: { ...perMinute, inbound: true } },
];
/** Pays for every minute of outgoing calls; the licence of the planted events. */
export const PAY_AS_YOU_GO: Licence = { name: 'MCOPSTNPP', weight: 1, charged: perMinute };
