/** Where the supervisor keeps what it knows: services/{environmentId}/{serviceId}/{revision}/{ordinal}. */
import { join } from 'node:path';
import type { RevisionSpec } from '../../../providers/compute/port.ts';

/** `service.json` */
export interface ServiceRecord {
  tenantId: string;
  /** Where the proxy listens for this service, for as long as the service lives. */
  port: number;
}

/** `revision.json`: the wanted end of one revision. */
export interface RevisionRecord {
  spec: RevisionSpec;
  /** True once it is to go away whole. */
  retired: boolean;
}

export class Layout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get services(): string {
    return join(this.root, 'services');
  }

  get fences(): string {
    return join(this.root, 'fences');
  }

  service(environmentId: string, serviceId: string): string {
    return join(this.services, environmentId, serviceId);
  }

  serviceRecord(environmentId: string, serviceId: string): string {
    return join(this.service(environmentId, serviceId), 'service.json');
  }

  revision(environmentId: string, serviceId: string, revision: string): string {
    // A folder of their own, so that no revision's name can meet service.json.
    return join(this.service(environmentId, serviceId), 'revisions', revision);
  }

  revisionRecord(environmentId: string, serviceId: string, revision: string): string {
    return join(this.revision(environmentId, serviceId, revision), 'revision.json');
  }

  instance(environmentId: string, serviceId: string, revision: string, ordinal: number): string {
    return join(this.revision(environmentId, serviceId, revision), 'instances', String(ordinal));
  }
}
