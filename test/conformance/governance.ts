/** What every decider behind the Governance port has to do. The set-up brings the rules of `policies/samples`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlatformError } from '../../domain/errors.ts';
import type { Governance, GovernanceQuestion } from '../../providers/governance/port.ts';

export interface GovernanceSetup {
  governance: Governance;
  close(): Promise<void>;
}

const BEFORE_FREEZE = '2026-12-17T23:59:59.999Z';
const IN_FREEZE = '2026-12-18T00:00:00.000Z';
const AFTER_FREEZE = '2027-01-04T00:00:00.000Z';

function question(change: Partial<GovernanceQuestion> = {}): GovernanceQuestion {
  return {
    tenantId: 'connectsoft',
    subject: 'release-manager',
    clientId: 'release-pipeline',
    action: 'environments.provision',
    stage: 'prod',
    environment: { tenantId: 'connectsoft' },
    planHash: 'sha256:plan',
    facts: { at: BEFORE_FREEZE, region: 'westeurope' },
    ...change,
  };
}

export function describeGovernance(name: string, setup: () => Promise<GovernanceSetup>): void {
  describe(`Governance: ${name}`, () => {
    let it_: GovernanceSetup;
    beforeAll(async () => (it_ = await setup()));
    afterAll(async () => await it_?.close());
    const decide = (change?: Partial<GovernanceQuestion>) => it_.governance.decide(question(change));

    it('allows what no rule is against, and says which plan it judged', async () => {
      expect(await decide()).toMatchObject({ decision: 'allow', obligations: [], planHash: 'sha256:plan' });
    });

    it('is reached while it answers, where it is a process of its own', async () => {
      await it_.governance.reach?.(AbortSignal.timeout(10_000));
    });

    it('denies within a freeze window, from its first moment on and not at its end, naming the rule', async () => {
      const inside = await decide({ facts: { at: IN_FREEZE } });
      expect(inside).toMatchObject({ decision: 'deny', reasons: ['year-end-freeze'], planHash: 'sha256:plan' });
      expect((await decide({ facts: { at: AFTER_FREEZE } })).decision).toBe('allow');
    });

    it.each(['deployments.create', 'deployments.rollback'] as const)('asks for an approval of %s', async (action) => {
      const answer = await decide({ action, environment: { tenantId: 'connectsoft', environmentId: 'env-1' } });
      expect(answer).toMatchObject({ decision: 'requireApproval', reasons: ['approve-production-deployments'] });
    });

    it('denies what one rule denies and another wants approved', async () => {
      const answer = await decide({ action: 'deployments.create', facts: { at: IN_FREEZE } });
      expect(answer.decision).toBe('deny');
      expect(answer.reasons).toContain('year-end-freeze');
    });

    it('lets a rollback wait for its approval within the freeze window: a freeze must not keep a bad release running', async () => {
      const answer = await decide({ action: 'deployments.rollback', facts: { at: IN_FREEZE } });
      expect(answer).toMatchObject({ decision: 'requireApproval', reasons: ['approve-production-deployments'] });
    });

    it.each(['allow', 'requireApproval'] as const)(
      'says %s of the plan it was asked about, and of no other',
      async (decision) => {
        const action = decision === 'allow' ? 'environments.provision' : 'deployments.create';
        for (const planHash of ['sha256:one', 'sha256:two']) {
          expect(await decide({ action, planHash })).toMatchObject({ decision, planHash });
        }
      },
    );

    it("denies a change of another tenant's environment", async () => {
      const environment = { tenantId: 'fabrikam', environmentId: 'env-1' };
      expect((await decide({ environment })).decision).toBe('deny');
    });

    it('never allows what it cannot judge', async () => {
      const answer = await decide({ facts: { at: 'soon' } }).then(
        ({ decision }) => decision,
        (error: unknown) => (error instanceof PlatformError ? error.code : error),
      );
      expect(['deny', 'GovernanceUnavailable']).toContain(answer);
    });

    it('keeps apart the answers to questions that are asked at once', async () => {
      const hashes = Array.from({ length: 100 }, (_, n) => `sha256:${n}`);
      const answers = await Promise.all(
        hashes.map((planHash, n) => decide({ planHash, facts: { at: n % 2 === 0 ? BEFORE_FREEZE : IN_FREEZE } })),
      );
      expect(answers.map(({ planHash, decision }) => `${planHash} ${decision}`)).toEqual(
        hashes.map((planHash, n) => `${planHash} ${n % 2 === 0 ? 'allow' : 'deny'}`),
      );
    });
  });
}
