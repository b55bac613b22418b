/**
 * List prices without tax, noted by hand: the portal's price calculator knows those of the day, of other regions and
 * of a contract. Block blobs in the hot tier and tables, both locally redundant; Service Bus of the Basic tier.
 */
export const PRICES = {
  asOf: '2025-06-01',
  region: 'East US',
  currency: 'USD',
  blobWritesPer10000: 0.05,
  blobListsPer10000: 0.05,
  blobReadsPer10000: 0.004,
  tableOperationsPer10000: 0.000_36,
  queueOperationsPer1000000: 0.05,
  storedGigabyteMonth: 0.018,
} as const;
