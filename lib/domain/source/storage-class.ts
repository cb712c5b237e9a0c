/**
 * Storage classes that copies may have: only those from which an object can be read at once, since a restore at night waits for
 * no retrieval of hours. `minDays`: S3 bills so many days even of an object that is removed sooner.
 */
export const STORAGE_CLASS_FACTS = {
  STANDARD: { minDays: 0 },
  INTELLIGENT_TIERING: { minDays: 0 },
  STANDARD_IA: { minDays: 30 },
  GLACIER_IR: { minDays: 90 },
} as const;

export type StorageClass = keyof typeof STORAGE_CLASS_FACTS;

export const STORAGE_CLASSES = Object.keys(STORAGE_CLASS_FACTS) as [StorageClass, ...StorageClass[]];
