/**
 * How failures are written when payloads are private: messages and stack traces stand in a payload, which is encrypted,
 * and "Encoded failure" in their place. Reading knows both forms. The path of this file is given to clients, workers and
 * the bundle alike.
 */
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
