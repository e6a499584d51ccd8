/** Where services are found: in this process first, then elsewhere, once there is somebody to ask. Watches see both. */
import { type Resolver, type StaticResolver, staticResolver } from "@cantle/mesh";

/** What is here first, then what the one `below` says. */
export function layeredResolver(here: StaticResolver): Resolver & { below(resolver: Resolver): void } {
  let elsewhere: Resolver = staticResolver();
  const watches = new Set<{ service: string; listener: () => void; stop: () => void }>();
  return {
    view(service) {
      const view = here.view(service);
      return view.endpoints.length > 0 ? view : elsewhere.view(service);
    },
    watch(service, listener) {
      const stopHere = here.watch(service, listener);
      const watch = { service, listener, stop: elsewhere.watch(service, listener) };
      watches.add(watch);
      return () => {
        stopHere();
        watch.stop();
        watches.delete(watch);
      };
    },
    below(resolver) {
      elsewhere = resolver;
      for (const watch of watches) {
        watch.stop();
        watch.stop = resolver.watch(watch.service, watch.listener);
        watch.listener();
      }
    },
  };
}
