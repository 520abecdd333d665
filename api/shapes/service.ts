/** What the services' endpoints answer: the inventory, a service at a time. */
import { z } from 'zod';
import { listOf, listQueryOf } from '../list.ts';
import { inventoryService } from './environment.ts';
import { id, moduleId } from './text.ts';

export const serviceAnswer = inventoryService.extend({ environmentId: z.string() });

export const servicesQuery = listQueryOf('services', {
  environmentId: id('env').optional(),
  serviceId: moduleId.optional(),
});

export const serviceList = listOf(serviceAnswer);
