/** Every workflow, as the bundle has them. */
export { decommission } from './decommission.ts';
export { deploy } from './deploy.ts';
export { lane } from './lane.ts';
export { provision } from './provision.ts';
export { sweep } from './sweep.ts';
