/** Names of containers and tables; `infra/` creates them, `pstn local` as well. */
export const CONTAINERS = { raw: 'pstn-raw', calls: 'pstn-calls', control: 'pstn-control' } as const;

export const TABLES = {
  windows: 'windows',
  dailyTotals: 'dailyTotals',
  monthlyTotals: 'monthlyTotals',
  alerts: 'alerts',
  budget: 'budget',
} as const;
