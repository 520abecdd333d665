import { openCedar } from '../../providers/governance/cedar.ts';
import { samplePolicies } from '../_support/sample-policies.ts';
import { describeGovernance } from './governance.ts';

describeGovernance('Cedar, with the shipped policies and every sample', () => {
  const policies = samplePolicies();
  return Promise.resolve({
    governance: openCedar(policies),
    close: () => Promise.resolve(policies[Symbol.dispose]()),
  });
});
