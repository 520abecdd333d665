import { describe, expect, it } from 'vitest';
import { isOwnRequest } from '../../domain/approvals.ts';

const alice = { subject: 'alice', clientId: 'studio' };
const pipeline = { subject: 'pipeline', clientId: 'pipeline' };

describe('who asked for a change does not decide about it', () => {
  it.each([
    ['the same subject through the same client', alice, alice, true],
    ['the same subject through another client', { ...alice, clientId: 'cli' }, alice, true],
    [
      'the client that the request came through, acting for itself',
      { subject: 'studio', clientId: 'studio' },
      alice,
      true,
    ],
    ['a client that asked by itself', pipeline, pipeline, true],
    ['another person through the same client', { ...alice, subject: 'bob' }, alice, false],
    ['another person through another client', { subject: 'bob', clientId: 'cli' }, alice, false],
    ['a person, of what a client asked for', alice, pipeline, false],
    ['another client, acting for itself', pipeline, alice, false],
    ['a subject that differs in case alone is another one', { ...alice, subject: 'Alice' }, alice, false],
  ])('%s', (_who, decider, requester, isOwn) => {
    expect(isOwnRequest(decider, requester)).toBe(isOwn);
  });
});
