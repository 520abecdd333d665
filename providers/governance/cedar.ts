/** Governance by Cedar policies in this process. What cannot be evaluated cleanly is no decision, so the change is refused. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { PlatformError } from '../../domain/errors.ts';
import type { Governance, GovernanceDecision, GovernanceQuestion } from './port.ts';

export interface CedarOptions {
  /** Holds `*.cedar` policies and one `*.cedarschema`. */
  folder: string;
}

interface LoadedPolicies {
  /** The name under which Cedar keeps the parsed schema and policies. */
  parsed: string;
  /** Ids of the policies that ask for an approval instead of denying. */
  approvals: Set<string>;
}

let loads = 0;

/** Reads and validates the policies once. @throws Error naming the file or policy that cannot be used */
export function openCedar({ folder }: CedarOptions): Governance {
  const { approvals, parsed } = load(folder);
  return {
    decide: (question) =>
      Promise.resolve().then(() => {
        const answer = cedar.statefulIsAuthorized({
          ...entitiesOf(question),
          action: { type: 'Slipway::Action', id: question.action },
          context: { ...question.facts, planHash: question.planHash },
          validateRequest: true,
          preparsedSchemaName: parsed,
          preparsedPolicySetId: parsed,
        });
        if (answer.type === 'failure') throw unavailable(answer.errors.map(({ message }) => message));
        const { decision, diagnostics } = answer.response;
        // Cedar leaves out a policy that fails; the one left out could be the one that forbids.
        if (diagnostics.errors.length > 0) throw unavailable(diagnostics.errors.map(({ error }) => error.message));
        return decisionOf(decision, diagnostics.reason, approvals, question.planHash);
      }),
  };
}

function entitiesOf({ tenantId, subject, clientId, environment, stage }: GovernanceQuestion) {
  const principal = { type: 'Slipway::Subject', id: subject };
  const resource = {
    type: 'Slipway::Environment',
    id: 'environmentId' in environment ? environment.environmentId : 'new',
  };
  const entities: cedar.EntityJson[] = [
    { uid: principal, attrs: { tenantId, clientId }, parents: [] },
    { uid: resource, attrs: { tenantId: environment.tenantId, stage }, parents: [] },
  ];
  return { principal, resource, entities };
}

function decisionOf(
  decision: cedar.Decision,
  reasons: string[],
  approvals: Set<string>,
  planHash: string,
): GovernanceDecision {
  const common = { reasons, obligations: [], planHash };
  if (decision === 'allow') return { ...common, decision: 'allow' };
  if (reasons.length === 0) return { ...common, decision: 'deny', reasons: ['no policy permits this'] };
  return { ...common, decision: reasons.every((id) => approvals.has(id)) ? 'requireApproval' : 'deny' };
}

function load(folder: string): LoadedPolicies {
  const files = readdirSync(folder).sort();
  const schemaFile = files.find((name) => name.endsWith('.cedarschema'));
  if (!schemaFile) throw new Error(`${folder} holds no .cedarschema`);
  const schema = readFileSync(join(folder, schemaFile), 'utf8');
  const policies: Record<string, string> = {};
  const approvals = new Set<string>();
  for (const file of files.filter((name) => name.endsWith('.cedar'))) {
    for (const [index, text] of policiesIn(join(folder, file)).entries()) {
      const parsed = cedar.policyToJson(text);
      const annotations = parsed.type === 'success' ? (parsed.json.annotations ?? {}) : {};
      const id = annotations.id ?? `${file}#${index}`;
      if (id in policies) throw new Error(`two policies in ${folder} are called ${id}`);
      policies[id] = text;
      if (annotations.decision === 'require-approval') approvals.add(id);
    }
  }
  validate(folder, schema, policies);
  const parsed = `slipway-${(loads += 1)}`;
  for (const step of [
    cedar.preparseSchema(parsed, schema),
    cedar.preparsePolicySet(parsed, { staticPolicies: policies }),
  ]) {
    if (step.type === 'failure') throw new Error(`${folder}: ${step.errors.map(({ message }) => message).join('; ')}`);
  }
  return { parsed, approvals };
}

function policiesIn(path: string): string[] {
  const parts = cedar.policySetTextToParts(readFileSync(path, 'utf8'));
  if (parts.type === 'failure')
    throw new Error(`${path} is not Cedar: ${parts.errors.map((e) => e.message).join('; ')}`);
  return parts.policies;
}

function validate(folder: string, schema: string, staticPolicies: Record<string, string>): void {
  const result = cedar.validate({ schema, policies: { staticPolicies } });
  const errors =
    result.type === 'failure'
      ? result.errors.map(({ message }) => message)
      : result.validationErrors.map(({ policyId, error }) => `${policyId}: ${error.message}`);
  if (errors.length > 0) throw new Error(`the policies in ${folder} do not fit their schema: ${errors.join('; ')}`);
}

function unavailable(messages: string[]): PlatformError {
  return new PlatformError('GovernanceUnavailable', 'Governance gives no decision now, so the change is refused.', {
    cause: new Error(messages.join('; ')),
  });
}
