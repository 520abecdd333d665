// The environment each process gets: what the machine needs, settings of ours that were given, and the resolved ones.
import { PORT_VARIABLES, type Config, type Ports } from './config.ts';

const MACHINE =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|XDG_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_.*|(NO|HTTPS?)_PROXY)$/i;
const OURS = /^(SLIPWAY|TEMPORAL|OIDC|PULUMI|GOVERNANCE|OPA|OTEL)_/;

/** What every process of the platform gets. The database is known only to those that use it. */
export function childEnvironment(config: Config): Record<string, string> {
  const given = Object.entries(config.env).filter(([name]) => MACHINE.test(name) || OURS.test(name));
  const ports = Object.entries(PORT_VARIABLES).map(([name, variable]) => [
    variable,
    String(config.ports[name as keyof Ports]),
  ]);
  return {
    ...(Object.fromEntries([...given, ...ports]) as Record<string, string>),
    SLIPWAY_HOME: config.home,
    SLIPWAY_PORT_BASE: String(config.portBase),
    SLIPWAY_TASK_QUEUE: config.temporal.taskQueue,
    SLIPWAY_SUPERVISOR_URL: config.supervisorUrl,
    SLIPWAY_PROXY_URL: config.proxyUrl,
    SLIPWAY_PULUMI_ROOT: config.pulumi.root,
    TEMPORAL_ADDRESS: config.temporal.address,
    TEMPORAL_NAMESPACE: config.temporal.namespace,
    OIDC_ISSUER: config.oidc.issuer,
    OIDC_AUDIENCE: config.oidc.audience,
    OIDC_INTERNAL_AUDIENCE: config.oidc.internalAudience,
    PULUMI_BACKEND_URL: config.pulumi.backendUrl,
    ...(config.payloads && { SLIPWAY_PAYLOAD_KEYS_FILE: config.payloads.keysFile }),
  };
}

/** The machine's part alone, for engines. */
export function engineEnvironment(config: Config): Record<string, string> {
  return Object.fromEntries(Object.entries(config.env).filter(([name]) => MACHINE.test(name)));
}
