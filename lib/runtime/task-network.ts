/** A connection that is not made in 5 s, or says nothing for a minute, is tried again; without limits one lost packet can hang a task. */
export const NETWORK_LIMITS = { connectionTimeout: 5_000, socketTimeout: 60_000 };

/** The SDK's own warnings are plain text among our JSON lines; whatever goes wrong for good is thrown. */
export const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
