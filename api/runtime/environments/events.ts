import type { EventId } from '../../../domain/ids.ts';
import { watch } from '../../endpoint.ts';
import type { LogEntry } from '../../live/event-tail.ts';
import { environmentParams } from '../../shapes/environment.ts';
import { eventEntry } from '../../shapes/event.ts';
import { renderEntry } from './render-entry.ts';

/** What happens in an environment from now on, or since the event that the caller has seen last. */
export const watchEnvironmentEvents = watch<{ params: typeof environmentParams }, LogEntry>({
  route: '/runtime/environments/{environmentId}/events',
  scope: 'runtime.events.read',
  summary: 'Watch what happens in an environment',
  input: { params: environmentParams },
  output: { 200: eventEntry },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { params }) => Promise.resolve(params.environmentId),
  },
  event: renderEntry,
  run: (_tx, { tenantId }, { params: { environmentId } }, { live }, lastEventId) =>
    live.log({ key: { tenantId, environmentId }, after: lastEventId as EventId | null }),
});
