/**
 * Every workflow, as workers with a version have them. The server refuses what is said here of a worker without one, so
 * those have `index.ts`.
 */
import { setWorkflowOptions } from '@temporalio/workflow';
import { lane } from './lane.ts';
import { sweep } from './sweep.ts';

export * from './index.ts';

// They go on for as long as there is work, and move to the current version with their next task. Operations are pinned to
// the version that they began on, the workers' default.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, lane);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, sweep);
