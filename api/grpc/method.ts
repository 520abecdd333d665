import type { DescMethod } from '@bufbuild/protobuf';
import type { UntypedHandleCall } from '@grpc/grpc-js';
import type { ApiDeps } from '../deps.ts';
import type { Endpoint } from '../endpoint.ts';

/** A gRPC method is one of the endpoints in other words: the same judges, the same `run`. */
export interface GrpcMethod {
  method: DescMethod;
  endpoint: Endpoint;
  /** @param stopping aborted when the server stops: then streams end, with its reason. */
  handler(deps: ApiDeps, stopping: AbortSignal): UntypedHandleCall;
}
