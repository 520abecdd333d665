/** What the services' endpoints answer: the inventory, a service at a time. */
import { z } from 'zod';
import { OBSERVED_STATUSES } from '../../domain/observed.ts';
import { listOf, listQueryOf, time } from '../list.ts';
import { inventoryService } from './environment.ts';
import { id, moduleId } from './text.ts';

export const serviceAnswer = inventoryService.extend({ environmentId: z.string() });

export const servicesQuery = listQueryOf('services', {
  environmentId: id('env').optional(),
  serviceId: moduleId.optional(),
  /** Of what a worker on the outside has seen: `observed.status`. */
  status: z.enum(OBSERVED_STATUSES).optional(),
  updatedAfter: time,
  updatedBefore: time,
});

export const serviceList = listOf(serviceAnswer);
