import { PAY_AS_YOU_GO, USER_LICENCES, type Licence } from './callTypes.ts';
import { OFFICES, destinationOf, type Office } from './countries.ts';
import { STREAM, randomOf, type Random } from './random.ts';

export interface TenantUser {
  id: string;
  userPrincipalName: string;
  displayName: string;
  department: string;
  office: Office;
  /** E.164. */
  number: string;
  licence: Licence;
}

export interface Directory {
  users: readonly TenantUser[];
  /** By office, in the order of {@link OFFICES}: its users, each as often as the department telephones. */
  callers: readonly (readonly TenantUser[])[];
  /** Accounts of attendants and call queues. */
  resourceAccounts: readonly TenantUser[];
  administrativeUnits: readonly string[];
}

const DOMAIN = 'contoso.com';
const DEPARTMENTS = [
  { name: 'Sales', weight: 25, activity: 5 },
  { name: 'Customer service', weight: 20, activity: 6 },
  { name: 'Engineering', weight: 25, activity: 1 },
  { name: 'Operations', weight: 15, activity: 2 },
  { name: 'Finance', weight: 10, activity: 2 },
  { name: 'Management', weight: 5, activity: 3 },
];
const FIRST_NAMES =
  'Adele Alex Amara Anna Ben Carlos Chloé Daniel Diego Elena Emil Fatima Grady Hana Henrietta Isaiah Jürgen Joni Kenji Lara Lee Lidia Lynne Marie Megan Miriam Mehmet Nestor Noor Patti Pradeep René Rosa Sofia Søren Tomás Ulrike Valérie Yuki Zoë';
const LAST_NAMES =
  "Adler Baker Berg Bianchi Bowen Brunner Campbell Cheng D'Angelo Dubois Fischer Garcia Gruber Gupta Huber Ito Jansen Keller Kowalski Laurent Lindqvist Meyer Moreau Müller Nakamura Novak O'Brien Okafor Patel Petit Quinn Roth Sato Schmidt Silva Smith Tanaka Vance Weber Wilber Wilke Yamada Young Zimmermann";
const RESOURCE_ACCOUNTS = ['Main line', 'Support queue', 'Sales queue', 'Reception', 'Billing desk'];
const ADMINISTRATIVE_UNITS = 4;

/** The tenant's directory, the same for the same seed and number of users. */
export function directoryOf(seed: number, users: number): Directory {
  const random = randomOf(seed, STREAM.users);
  const administrativeUnits = Array.from({ length: ADMINISTRATIVE_UNITS }, () => random.guid());
  const names = new Set<string>();
  const resourceAccounts = RESOURCE_ACCOUNTS.map((name) => account(random, name, 'Telephony', names));
  const people: TenantUser[] = [];
  const callers: TenantUser[][] = OFFICES.map(() => []);
  for (let made = 0; made < users; made += 1) {
    const department = random.weighted(DEPARTMENTS);
    const name = `${random.pick(FIRST_NAMES.split(' '))} ${random.pick(LAST_NAMES.split(' '))}`;
    const user = account(random, name, department.name, names);
    people.push(user);
    const colleagues = callers[OFFICES.indexOf(user.office)];
    for (let ticket = 0; ticket < department.activity; ticket += 1) colleagues?.push(user);
  }
  return { users: people, callers, resourceAccounts, administrativeUnits };
}

export const phoneNumber = (random: Random, dialPrefix: string): string =>
  `${dialPrefix}${random.between(2, 9)}${random.digits(9)}`;

function account(random: Random, displayName: string, department: string, names: Set<string>): TenantUser {
  const office = random.weighted(OFFICES);
  return {
    id: random.guid(),
    userPrincipalName: principalName(displayName, names),
    displayName,
    department,
    office,
    number: phoneNumber(random, destinationOf(office.code).dialPrefix),
    licence: department === 'Telephony' ? PAY_AS_YOU_GO : random.weighted(USER_LICENCES),
  };
}

function principalName(displayName: string, taken: Set<string>): string {
  const plain = displayName
    .replace(/ø/g, 'o')
    .normalize('NFD')
    .replace(/[^A-Za-z ]/g, '')
    .toLowerCase()
    .replace(' ', '.');
  let name = plain;
  for (let number = 2; taken.has(name); number += 1) name = `${plain}${number}`;
  taken.add(name);
  return `${name}@${DOMAIN}`;
}
