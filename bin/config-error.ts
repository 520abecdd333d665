/** A variable with a value that cannot be used; the message is one sentence that names it. */
export class ConfigError extends Error {}
