/** What happens around a call to a port: `go` makes it; `about` is the service that it is about, or `it`. */
export type Around = (call: string, about: string, go: () => Promise<unknown>) => Promise<unknown>;

/** The same port, with something around each of these calls. */
export function aroundCalls<P extends object>(port: P, calls: readonly (keyof P)[], around: Around): P {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      // Bound, because a port may keep what is its own in private fields.
      if (!calls.includes(name as keyof P)) return value.bind(target) as unknown;
      return (...args: unknown[]) =>
        around(String(name), serviceOf(args[0]), () => Reflect.apply(value, target, args) as Promise<unknown>);
    },
  });
}

function serviceOf(about: unknown): string {
  const { serviceId, workload } = about as { serviceId?: string; workload?: { serviceId: string } };
  return serviceId ?? workload?.serviceId ?? 'it';
}
