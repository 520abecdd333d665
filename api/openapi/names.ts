/** The shapes that become components of the document, by the names their modules export them under. */
import { z } from 'zod';
import * as approval from '../shapes/approval.ts';
import * as audit from '../shapes/audit.ts';
import * as component from '../shapes/component.ts';
import * as configuration from '../shapes/configuration.ts';
import * as deployment from '../shapes/deployment.ts';
import * as drift from '../shapes/drift.ts';
import * as dryRun from '../shapes/dry-run.ts';
import * as environment from '../shapes/environment.ts';
import * as event from '../shapes/event.ts';
import * as health from '../shapes/health.ts';
import * as healthReport from '../shapes/health-report.ts';
import * as line from '../shapes/line.ts';
import * as logs from '../shapes/logs.ts';
import * as observed from '../shapes/observed.ts';
import * as operation from '../shapes/operation.ts';
import * as scalingPolicy from '../shapes/scaling-policy.ts';
import * as secretBinding from '../shapes/secret-binding.ts';
import * as service from '../shapes/service.ts';
import * as stream from '../shapes/stream.ts';
import * as tenantBinding from '../shapes/tenant-binding.ts';

const MODULES = [
  approval,
  audit,
  component,
  configuration,
  deployment,
  drift,
  dryRun,
  environment,
  event,
  health,
  healthReport,
  line,
  logs,
  observed,
  operation,
  scalingPolicy,
  secretBinding,
  service,
  stream,
  tenantBinding,
];

/** `deployBody` is `DeployBody`. Shapes of paths and queries are parameters, and have no name of their own. */
export function nameShapes(): void {
  const taken = new Map<string, unknown>();
  for (const [name, shape] of MODULES.flatMap((module) => Object.entries<unknown>(module))) {
    if (!(shape instanceof z.ZodType) || /(?:Params|Query)$/.test(name)) continue;
    const id = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    if (taken.has(id) && taken.get(id) !== shape) throw new Error(`Two shapes are named ${id}: rename one of them.`);
    taken.set(id, shape);
    const known = z.globalRegistry.get(shape) ?? {};
    if (known.id === undefined) z.globalRegistry.add(shape, { ...known, id });
  }
}
