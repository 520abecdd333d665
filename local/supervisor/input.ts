/** Names that become folders and messages: a strict shape, so that none can leave its folder. */
import { z } from 'zod';
import type { EnvironmentId } from '../../domain/ids.ts';

const environmentName = /^env-[A-Za-z0-9-]{1,80}$/;
const partName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export const environmentIdShape = z.custom<EnvironmentId>(
  (value) => typeof value === 'string' && environmentName.test(value),
  'not an environment id',
);
export const nameShape = z.string().regex(partName, 'letters, digits, dot, underscore and hyphen only');
export const portShape = z.number().int().min(1).max(65_535);
export const fenceShape = z.coerce.number().int().min(0);
export const claimShape = z.object({ fence: fenceShape });
