/** The state machine ends a night that lasts longer, so no run can still be alive after it. */
export const NIGHT_TIMEOUT_HOURS = 12;

/** A claim outlives the longest night by an hour: only then is it sure that its owner is gone. */
export const LEASE_HOURS = NIGHT_TIMEOUT_HOURS + 1;

/** How often one source is dumped at most in a night, and how long to wait before the second and later tries. */
export const RETRY_WAITS_SECONDS = [30, 60, 120] as const;

/**
 * Up to here the verify step reads every byte again. A function has 15 minutes and gets 50 to 100 MB/s from S3, so 40 GiB
 * take it 14 minutes at worst; of larger ones it reads the table of contents, and S3's own CRC32 of the whole stands for the rest.
 */
export const READ_BACK_LIMIT_BYTES = 40 * 1024 ** 3;

/** The step that stops services is killed after so long: whoever starts them again after an abort, which no function hears of, waits for that. */
export const STOPPING_SECONDS = 30;

/** The longest that a restore takes; what is larger than a day's work is restored source by source. */
export const RESTORE_TIMEOUT_HOURS = 24;

/** The longest that a drill of one backup takes: the address for its evidence is good for so long. */
export const DRILL_TIMEOUT_HOURS = 6;
