/** Who decides about production changes, by configuration. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openCedar } from '../providers/governance/cedar.ts';
import type { DeciderOptions } from '../providers/governance/decider.ts';
import { openHttpGovernance } from '../providers/governance/http.ts';
import { openOpaGovernance } from '../providers/governance/opa.ts';
import type { Governance } from '../providers/governance/port.ts';
import { ConfigError } from './config-error.ts';

const SHIPPED_POLICIES = join(import.meta.dirname, '..', 'policies');

/** @throws ConfigError naming the variable; Error naming the Cedar file or policy that cannot be used */
export function openGovernance(env: Record<string, string | undefined>): Governance {
  const kind = env.SLIPWAY_GOVERNANCE || 'cedar';
  switch (kind) {
    case 'cedar':
      // Whoever sets it believes that the platform decides.
      if (env.GOVERNANCE_URL) throw new ConfigError('GOVERNANCE_URL is set, so SLIPWAY_GOVERNANCE must be http.');
      return openCedar({ folder: env.SLIPWAY_POLICIES ? resolve(env.SLIPWAY_POLICIES) : SHIPPED_POLICIES });
    case 'http':
      return openHttpGovernance(decisionPoint(env, 'GOVERNANCE_URL'));
    case 'opa':
      return openOpaGovernance(decisionPoint(env, 'OPA_URL'));
    default:
      throw new ConfigError(`SLIPWAY_GOVERNANCE must be cedar, http or opa, not "${kind}".`);
  }
}

function decisionPoint(env: Record<string, string | undefined>, variable: string): DeciderOptions {
  const text = env[variable] ?? '';
  const url = URL.canParse(text) ? new URL(text) : null;
  const plain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!plain || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError(
      `${variable} must be the http or https address of the decider, without credentials or query.`,
    );
  }
  return { url: url.href, token: tokenIn(env.GOVERNANCE_TOKEN_FILE) };
}

function tokenIn(file: string | undefined): string | undefined {
  if (!file) return undefined;
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ConfigError(`GOVERNANCE_TOKEN_FILE names ${file}, which cannot be read.`, { cause });
  }
  // What a header cannot carry would make every decision fail.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new ConfigError(`GOVERNANCE_TOKEN_FILE names ${file}, which holds no token.`);
  return token;
}
